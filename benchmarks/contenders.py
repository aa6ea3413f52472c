"""Run one method on one split of one table; `compare.py` starts this process and reads its JSON lines.

The budget is in CPU seconds of the whole process tree. It starts when the libraries are imported and the table is read,
and ends when the held-out rows are scored; the CPU seconds before that are reported as `start_cpu_s`.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib.metadata
import json
import platform
import sys
import tempfile
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

ROOT = Path(__file__).resolve().parents[1]
sys.path[0] = str(ROOT)  # not this folder, whose table.py would shadow other modules

from benchmarks.clock import Clock, read_walls_as_cpu
from benchmarks.ratchet_runs import Result, play
from benchmarks.splits import Entry, cut, read
from harness.problem import Problem, Scores
from harness.stats import auc
from prepare import mean_auc

Answers = Iterator[tuple[Result, float]]


def logreg(problem: Problem, budget_s: float) -> Answers:
    """Fit the baseline train.py, once for all budgets, since it needs none."""
    module: dict[str, Any] = {"__name__": "train"}
    exec(compile((ROOT / "train.py").read_text("utf-8"), "train.py", "exec"), module)
    clock = Clock()

    def score(fit: Any, rows: Any) -> float | None:
        model = module["build_pipeline"]().fit(problem.rows(fit), problem.y[fit])
        return auc(problem.y[rows], _scores(model.predict_proba(problem.rows(rows))))

    val = mean_auc([score(fit, rows) for fit, rows in problem.folds])
    test = score(problem.train, problem.test)
    yield Result("logreg", budget_s, val, test, clock.used_s()), clock.begun_s


def flaml(problem: Problem, budget_s: float) -> Answers:
    """Run FLAML once with its defaults, on one thread; its clock reads CPU seconds."""
    from flaml import AutoML

    X, X_test = (_with_categories(problem.rows(rows)) for rows in (problem.train, problem.test))
    read_walls_as_cpu()
    clock, model = Clock(), AutoML()
    metric = "roc_auc" if problem.n_classes == 2 else "roc_auc_ovr"
    settings = {"task": "classification", "metric": metric, "time_budget": budget_s, "n_jobs": 1, "verbose": 0}
    model.fit(X_train=X, y_train=problem.y[problem.train], seed=problem.seed, **settings)
    test = auc(problem.y[problem.test], _scores(model.predict_proba(X_test)))
    yield (
        Result("flaml", budget_s, 1 - model.best_loss, test, clock.used_s(), detail=model.best_estimator),
        clock.begun_s,
    )


def autogluon(problem: Problem, budget_s: float) -> Answers:
    """Run AutoGluon's best quality, on one thread and in this process; its clock reads CPU seconds."""
    from autogluon.tabular import TabularPredictor

    X, X_test = problem.rows(problem.train), problem.rows(problem.test)
    metric = "roc_auc" if problem.n_classes == 2 else "roc_auc_ovr_macro"
    read_walls_as_cpu()
    with tempfile.TemporaryDirectory() as folder:
        clock = Clock()
        model = TabularPredictor(label="class of the row", eval_metric=metric, path=folder, verbosity=0)
        model.fit(
            X.assign(**{"class of the row": problem.y[problem.train]}),
            presets="best_quality",
            time_limit=budget_s,
            num_cpus=1,
            num_gpus=0,
            ag_args_ensemble={"fold_fitting_strategy": "sequential_local"},
        )
        test = auc(problem.y[problem.test], _scores(model.predict_proba(X_test).to_numpy()))
        used_s, tried = clock.used_s(), model.leaderboard(display=False)
        val = float(tried.set_index("model").loc[model.model_best, "score_val"])
        yield Result("autogluon", budget_s, val, test, used_s, len(tried), model.model_best), clock.begun_s


def _with_categories(X: pd.DataFrame) -> pd.DataFrame:
    """Mark the text columns as categories, as FLAML requires."""
    texts = X.select_dtypes(exclude="number").columns
    return X.astype(dict.fromkeys(texts, "category"))


def _scores(probabilities: np.ndarray[Any, Any]) -> Scores:
    return probabilities[:, 1] if probabilities.shape[1] == 2 else probabilities


def run(method: str, entry: Entry, split: int, budgets: Sequence[float], *, is_placebo: bool) -> Answers:
    """Run a method; only the ratchet serves several budgets with one run."""
    table = read(entry)
    problem = cut(table, split, is_placebo=is_placebo)
    if method == "ratchet":
        with tempfile.TemporaryDirectory() as folder:
            yield from play(table, problem, budgets, Path(folder))
        return
    for budget_s in budgets:
        yield from {"logreg": logreg, "flaml": flaml, "autogluon": autogluon}[method](problem, budget_s)


PACKAGES = {
    "flaml": ("flaml", "lightgbm", "xgboost", "xgboost-cpu"),
    "autogluon": ("autogluon.tabular", "lightgbm", "xgboost", "xgboost-cpu"),
    "ratchet": ("lightgbm", "xgboost", "xgboost-cpu"),
}


def versions(method: str) -> dict[str, str]:
    """Return the versions of the installed packages that the method's numbers depend on."""
    found = {"python": platform.python_version()}
    for name in ("scikit-learn", "pandas", *PACKAGES.get(method, ())):
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            found[name] = importlib.metadata.version(name)
    return found


def main() -> None:
    """Run the method of the command line and print a JSON line for each result."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("method")
    parser.add_argument("path", type=Path)
    parser.add_argument("target")
    parser.add_argument("split", type=int)
    parser.add_argument("budgets", type=float, nargs="+")
    parser.add_argument("--placebo", action="store_true")
    args = parser.parse_args()
    warnings.simplefilter("ignore")
    entry = Entry(args.path, args.target)
    for result, start_cpu_s in run(args.method, entry, args.split, args.budgets, is_placebo=args.placebo):
        print(json.dumps({**asdict(result), "start_cpu_s": start_cpu_s, "versions": versions(args.method)}), flush=True)


if __name__ == "__main__":
    main()
