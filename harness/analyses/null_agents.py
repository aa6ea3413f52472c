"""Null agents, whose experiments cannot improve anything: another seed, noise columns, shuffled labels.

Seeds and noise use models that are fitted here. Shuffled labels use the files of the run, evaluated in sandboxed
workers. Each agent returns out-of-fold scores for an experiment number and a partition.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from typing import Any, TypeAlias

import numpy as np
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.ensemble import RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from harness.evaluate import FoldWorkers, TrainFile
from harness.harness import Harness
from harness.problem import Problem, Rows, Scores

N_TREES = 10  # few enough that the seed matters
N_NOISE = 3  # columns, of standard normal noise
MAX_ROWS = 3000  # a random sample of the training rows of a larger table is enough
Fold: TypeAlias = tuple[Scores, Rows, Scores, Rows]  # (X to fit, labels, X to score, positions of its rows)


@dataclass(slots=True)
class NullAgent:
    """An agent without real ideas: its learning problem, and the scores of its experiment n on a partition."""

    name: str
    problem: Callable[[int], Problem]
    scores: Callable[[int, int], list[Scores] | None]


def seed_agents(problem_of: Callable[[int], Problem], n: int, repeats: int) -> list[NullAgent]:
    """Return agents whose experiments are seeds of one small random forest.

    All agents try the same n + 1 seeds, each in its own order, so a seed is fitted once.
    """
    folds_of = _prepared(problem_of)

    @cache
    def fitted(seed: int, partition: int) -> list[Scores]:
        model = RandomForestClassifier(N_TREES, random_state=seed)
        return [_probabilities(model.fit(X, y), new) for X, y, new, _ in folds_of(partition)]

    def agent(order: Rows) -> NullAgent:
        return NullAgent("seeds", problem_of, lambda number, partition: fitted(int(order[number]), partition))

    return [
        agent(np.random.default_rng([problem_of(0).seed, 6, repeat]).permutation(n + 1)) for repeat in range(repeats)
    ]


def noise_agent(problem_of: Callable[[int], Problem], repeat: int = 0) -> NullAgent:
    """Return the agent whose experiments add noise columns; experiment 0 adds none."""
    folds_of = _prepared(problem_of)

    def scores(n: int, partition: int) -> list[Scores]:
        problem = problem_of(partition)
        noise = np.random.default_rng([problem.seed, 7, repeat, n]).normal(size=(len(problem.y), N_NOISE if n else 0))
        model, found = LogisticRegression(max_iter=500), []
        for (X, y, new, val), (fit, _) in zip(folds_of(partition), problem.folds, strict=True):
            model.fit(np.hstack([X, noise[fit]]), y)
            found.append(_probabilities(model, np.hstack([new, noise[val]])))
        return found

    return NullAgent("noise columns", problem_of, scores)


def label_agent(harness: Harness, sources: Sequence[TrainFile], repeat: int = 0) -> NullAgent:
    """Return the agent that tries the files of the run on shuffled labels; the first one is its baseline."""

    def problem_of(partition: int) -> Problem:
        return _workers(partition).problem

    @lru_cache(maxsize=4)
    def _workers(partition: int) -> FoldWorkers:
        real = harness.workers(partition)
        y = shuffled(harness.workers().problem, repeat)
        return FoldWorkers(replace(real.problem, y=y), real.runner, real.budget, is_guarded=real.is_guarded)

    def scores(n: int, partition: int) -> list[Scores] | None:
        result = harness.rules.evaluate(sources[n], _workers(partition), refits=False)
        found = [values for values in result.scores if values is not None]
        return found if result.val_auc is not None and len(found) == len(result.scores) else None

    return NullAgent("shuffled labels", problem_of, scores)


def shuffled(problem: Problem, repeat: int = 0) -> Rows:
    """Return the labels permuted within the validation rows of each fold, and within the rows of no fold."""
    rng, y = np.random.default_rng([problem.seed, 8, repeat]), problem.y.copy()
    parts = [val for _, val in problem.folds]
    rest = np.setdiff1d(np.arange(len(y)), np.concatenate(parts))
    for rows in (*parts, rest):
        y[rows] = rng.permutation(y[rows])
    return y


def smaller(problem: Problem) -> Problem:
    """Return the problem with at most MAX_ROWS training rows, stratified by class."""
    if len(problem.train) <= MAX_ROWS:
        return problem
    rng, share = np.random.default_rng([problem.seed, 9]), MAX_ROWS / len(problem.train)
    classes = [problem.train[problem.y[problem.train] == k] for k in range(problem.n_classes)]
    chosen = np.concatenate(
        [rng.choice(rows, min(len(rows), max(20, int(len(rows) * share))), replace=False) for rows in classes]
    )
    cut = [(fit[np.isin(fit, chosen)], val[np.isin(val, chosen)]) for fit, val in problem.folds]
    return replace(problem, train=problem.train[np.isin(problem.train, chosen)], folds=cut)


def _prepared(problem_of: Callable[[int], Problem]) -> Callable[[int], Sequence[Fold]]:
    """Return a function that gives the preprocessed folds of a partition, and caches them."""

    @lru_cache(maxsize=4)
    def folds_of(partition: int) -> Sequence[Fold]:
        problem = problem_of(partition)
        found = []
        for fit, val in problem.folds:
            columns = _columns()
            X = columns.fit_transform(problem.rows(fit))
            found.append((X, problem.y[fit], columns.transform(problem.rows(val)), val))
        return found

    return folds_of


def _columns() -> Any:
    numbers = make_pipeline(SimpleImputer(strategy="median", keep_empty_features=True), StandardScaler())
    texts = make_pipeline(
        SimpleImputer(strategy="most_frequent", keep_empty_features=True),
        OneHotEncoder(handle_unknown="infrequent_if_exist", min_frequency=5, max_categories=30, sparse_output=False),
    )
    return make_column_transformer(
        (numbers, make_column_selector(dtype_include="number")),
        (texts, make_column_selector(dtype_exclude="number")),
    )


def _probabilities(model: Any, X: Scores) -> Scores:
    values: Scores = model.predict_proba(X)
    return values[:, 1] if values.shape[1] == 2 else values
