"""Small tables drawn from a large one, whose other rows give the true AUC, and cheap ideas to try on them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis, QuadraticDiscriminantAnalysis
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, train_test_split
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures, QuantileTransformer, StandardScaler
from sklearn.tree import DecisionTreeClassifier

from harness.stats import auc

N_ROWS, TEST_SIZE, N_FOLDS, MAX_TRUTH = 303, 0.2, 5, 2000


@dataclass(frozen=True, slots=True)
class Idea:
    """A model, the columns of the table that it uses, and the seeds of additional random columns."""

    model: Callable[[], Any]
    columns: Sequence[int]
    noise: tuple[int, ...] = ()  # seeds, three columns each


@dataclass(slots=True)
class Draw:
    """A small table drawn from a large one: training rows with their folds, and the rows for the true AUC."""

    X: Any
    y: Any
    train: Any
    truth: Any
    seed: int
    _known: dict[tuple[int, int], list[Any]] = field(default_factory=dict)
    _folds: dict[int, list[tuple[Any, Any]]] = field(default_factory=dict)
    _aucs: dict[tuple[int, int], list[float]] = field(default_factory=dict)
    _true: dict[int, float] = field(default_factory=dict)

    def folds(self, partition: int = 0) -> list[tuple[Any, Any]]:
        """Cut the training rows into the folds of a partition."""
        if partition not in self._folds:
            self._folds[partition] = self._cut(partition)
        return self._folds[partition]

    def _cut(self, partition: int) -> list[tuple[Any, Any]]:
        cut = StratifiedKFold(N_FOLDS, shuffle=True, random_state=(self.seed * 7919 + partition) % 2**31)
        return [(self.train[fit], self.train[val]) for fit, val in cut.split(self.train, self.y[self.train])]

    def scores(self, idea: Idea, partition: int = 0) -> list[Any]:
        """Return the out-of-fold scores of an idea, fold by fold."""
        key = (id(idea), partition)
        if key not in self._known:
            self._known[key] = [self._score(idea, fit, val) for fit, val in self.folds(partition)]
        return self._known[key]

    def fold_aucs(self, idea: Idea, partition: int = 0) -> list[float]:
        """Return the AUC of each fold."""
        key = (id(idea), partition)
        if key not in self._aucs:
            pairs = zip(self.folds(partition), self.scores(idea, partition), strict=True)
            self._aucs[key] = [auc(self.y[val], scores) or 0.5 for (_, val), scores in pairs]
        return self._aucs[key]

    def val_auc(self, idea: Idea, partition: int = 0) -> float:
        """Return val_auc, rounded as the harness rounds it."""
        return round(float(np.mean(self.fold_aucs(idea, partition))), 6)

    def true_auc(self, idea: Idea) -> float:
        """Return the AUC on the rows that were not drawn."""
        if id(idea) not in self._true:
            self._true[id(idea)] = auc(self.y[self.truth], self._score(idea, self.train, self.truth)) or 0.5
        return self._true[id(idea)]

    def out_of_fold(self, ideas: Sequence[Idea]) -> tuple[Any, Any, Any]:
        """Return labels, fold numbers and the scores of each idea, as `bbc` takes them."""
        vals = [val for _, val in self.folds()]
        y = np.concatenate([self.y[val] for val in vals])
        fold = np.concatenate([np.full(len(val), k) for k, val in enumerate(vals)])
        return y, fold, np.stack([np.concatenate(self.scores(idea)) for idea in ideas])

    def _score(self, idea: Idea, fit: Any, rows: Any) -> Any:
        X = self.X[:, idea.columns]
        if idea.noise:
            drawn = [np.random.default_rng([self.seed, seed]).normal(size=(len(X), 3)) for seed in idea.noise]
            X = np.hstack([X, *drawn])
        return idea.model().fit(X[fit], self.y[fit]).predict_proba(X[rows])[:, 1]


def logistic(c: float = 1.0) -> Any:
    """Return the baseline's model."""
    return make_pipeline(StandardScaler(), LogisticRegression(C=c, max_iter=300))


def random_idea(rng: np.random.Generator, n_columns: int) -> Idea:
    """Return a random model on random columns."""
    c, k = float(10 ** rng.uniform(-2.5, 1)), int(rng.integers(5, 60))
    seed, leaf = int(rng.integers(1 << 30)), int(rng.integers(2, 15))
    models: list[Callable[[], Any]] = [
        partial(logistic, c),
        lambda: make_pipeline(QuantileTransformer(n_quantiles=50), StandardScaler(), LogisticRegression(C=c)),
        lambda: make_pipeline(StandardScaler(), PolynomialFeatures(2), LogisticRegression(C=c / 30, max_iter=200)),
        lambda: make_pipeline(StandardScaler(), KNeighborsClassifier(k)),
        lambda: make_pipeline(StandardScaler(), LinearDiscriminantAnalysis(solver="lsqr", shrinkage=min(1.0, c / 10))),
        lambda: make_pipeline(StandardScaler(), QuadraticDiscriminantAnalysis(reg_param=min(1.0, c / 10))),
        lambda: GaussianNB(),
        lambda: DecisionTreeClassifier(max_depth=leaf, min_samples_leaf=leaf, random_state=seed),
        lambda: ExtraTreesClassifier(10, min_samples_leaf=leaf, random_state=seed),
    ]
    weights = np.array([5, 2, 2, 1, 2, 1, 1, 1, 0.5]) / 15.5
    columns = np.sort(rng.permutation(n_columns)[rng.choice([0, 0, 1, 2]) :])
    return Idea(models[int(rng.choice(len(models), p=weights))], columns.tolist())


def draws(X: Any, y: Any, count: int) -> Iterator[Draw]:
    """Yield small tables of random rows, each with up to MAX_TRUTH other rows for the true AUC."""
    for seed in range(count):
        rows, rest = train_test_split(np.arange(len(y)), train_size=N_ROWS, stratify=y, random_state=seed)
        train, _ = train_test_split(rows, test_size=TEST_SIZE, stratify=y[rows], random_state=seed)
        truth = np.random.default_rng(seed).permutation(rest)[:MAX_TRUTH]
        kept = np.concatenate([train, truth])
        places = np.arange(len(kept))
        yield Draw(X[kept], y[kept], places[: len(train)], places[len(train) :], seed)


def made_up_table(bend: float, n_rows: int = 40_000) -> tuple[Any, Any]:
    """Return a table of 13 columns, 27 % positive, whose nonlinear part a linear model cannot fit."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n_rows, 13))
    X[:, 8:] = (X[:, 8:] > rng.normal(size=5)).astype(float)
    weights = np.array([1.0, 0.8, -0.7, 0.5, 0.3, 0, 0, 0, 1.0, -0.8, 0.5, 0, 0])
    signal = X @ weights + bend * (np.abs(X[:, 5]) + X[:, 0] * X[:, 1])
    signal = 1.25 * (signal - np.quantile(signal, 0.73)) - 0.35
    return X, (rng.random(n_rows) < 1 / (1 + np.exp(-signal))).astype(np.int64)


def read_table(path: Path, target: str) -> tuple[Any, Any]:
    """Return the columns of a CSV file as numbers, categories one by one, and whether a row has the rarer class.

    Missing numbers become the median of all rows: no label goes into it.
    """
    frame = pd.read_csv(path).dropna(subset=[target])
    y = (frame[target] == frame[target].value_counts().index[-1]).to_numpy().astype(np.int64)
    X = pd.get_dummies(frame.drop(columns=target)).astype(float)
    return X.fillna(X.median()).fillna(0.0).to_numpy(), y
