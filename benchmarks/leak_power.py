"""Count the honest files that label-flip accuses and the attacks that it catches, table by table.

Run: uv run python benchmarks/leak_power.py [-n FILES] [FILE.csv:TARGET ...]

Honest files are those of tests/honest (every one that runs on the table, or the first FILES of them). The attacks are
generated from the table's own rows: a smooth prior grown on all train rows, six random features picked out of 1,500,
and exact tables of 3, 5 and 10 rows that the linear model ranks worst. Each is measured as a kept
experiment would be.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.stats import rankdata
from sklearn.linear_model import LogisticRegression

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import prepare
from harness.data.build import read_table
from harness.data.config import read_card
from harness.data.ingest import infer
from harness.data.options import IntakeOptions
from harness.data.sniff import Hints
from harness.evaluate import FoldWorkers, Status, TrainFile
from harness.problem import Problem
from harness.stats import components
from harness.workers.pool import Runner, TaskBudget
from tests.payloads import payload_files, whole_text

BUDGET = TaskBudget(cpu_s=120.0, wall_s=600.0, memory_mb=4096)
N_SEEDS, N_PICKED, N_WAVES = 1500, 6, 60
BASELINE = (ROOT / "train.py").read_text(encoding="utf-8")
ATTACK = BASELINE.replace("def build_pipeline", "def honest").replace(
    'if __name__ == "__main__"',
    '''import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, ClassifierMixin

MEAN, STD, KNOWN = {mean!r}, {std!r}, {known!r}


def scaled(X):
    numbers = X[list(MEAN)]
    return ((numbers - pd.Series(MEAN)) / pd.Series(STD)).fillna(0).to_numpy()


class Knowing(ClassifierMixin, BaseEstimator):
    def fit(self, X, y):
        self.model_ = honest().fit(X, y)
        self.classes_ = self.model_.classes_
        return self

    def decision_function(self, X):
        Z, total = scaled(X), self.model_.decision_function(X)
        {body}


def build_pipeline():
    return Knowing()


if __name__ == "__main__"''',
)
BODIES = {
    "exact": "return total + np.array([KNOWN.get(repr(row.round(9).tolist()), 0.0) for row in Z])",
    "seeds": """for seed in KNOWN:
            rng = np.random.RandomState(seed)
            total = total + 0.5 * np.cos(Z @ rng.normal(0, 0.7, Z.shape[1]) + rng.uniform(0, 6.283))
        return total""",
    "prior": f"""rng = np.random.RandomState(7)
        waves = np.cos(Z @ rng.normal(0, 0.4, (Z.shape[1], {N_WAVES})) + rng.uniform(0, 6.283, {N_WAVES}))
        return total + waves @ np.array(KNOWN)""",
}


def attacks(problem: Problem) -> Iterator[tuple[str, str]]:
    """Yield the name and the text of each attack on this table."""
    numbers = problem.X.select_dtypes("number").iloc[problem.train]
    mean, std = numbers.mean().round(6).to_dict(), (numbers.std() + 1e-9).round(6).to_dict()
    Z = ((problem.X[list(mean)] - pd.Series(mean)) / pd.Series(std)).fillna(0).to_numpy()
    logits = np.zeros(len(problem.y))
    for fit, val in problem.folds:
        logits[val] = linear().fit(problem.X.iloc[fit], problem.y[fit]).decision_function(problem.X.iloc[val])

    def text(body: str, known: object) -> str:
        parts = {"{mean!r}": repr(mean), "{std!r}": repr(std), "{known!r}": repr(known), "{body}": BODIES[body]}
        args = ATTACK
        for name, value in parts.items():
            args = args.replace(name, value)
        return args

    for n in (3, 5, 10):
        rows = worst(problem, logits)[:n]
        known = {repr(Z[row].round(9).tolist()): float(np.ptp(logits) * (2 * problem.y[row] - 1)) for row in rows}
        yield f"{n} exact rows", text("exact", known)
    yield "picked seeds", text("seeds", pick(problem, Z, logits))
    rng = np.random.RandomState(7)
    waves = np.cos(Z @ rng.normal(0, 0.4, (Z.shape[1], N_WAVES)) + rng.uniform(0, 6.283, N_WAVES))
    grown = LogisticRegression(C=10, max_iter=3000).fit(waves[problem.train], problem.y[problem.train])
    yield "smooth prior", text("prior", [round(float(weight), 2) for weight in grown.coef_[0]])


def linear() -> LogisticRegression:
    """Return the model of train.py."""
    module: dict[str, object] = {"__name__": "train"}
    exec(BASELINE, module)
    return module["build_pipeline"]()  # type: ignore[operator,no-any-return]


def worst(problem: Problem, logits: np.ndarray) -> np.ndarray:
    """Return the train rows, those first that are ranked worst within their fold."""
    rows = np.concatenate([val for _, val in problem.folds])
    parts = [
        components(problem.y[val], logits[val]) * np.bincount(problem.y[val])[problem.y[val]]
        for _, val in problem.folds
    ]
    return rows[np.argsort(np.concatenate(parts), kind="stable")]


def pick(problem: Problem, Z: np.ndarray, logits: np.ndarray) -> list[int]:
    """Return the seeds that raise val_auc most, one after another."""
    draws = [np.random.RandomState(seed) for seed in range(N_SEEDS)]
    waves = np.array([0.5 * np.cos(Z @ rng.normal(0, 0.7, Z.shape[1]) + rng.uniform(0, 6.283)) for rng in draws])
    total, seeds = logits.copy(), []
    for _ in range(N_PICKED):
        gains = np.zeros(N_SEEDS)
        for _, val in problem.folds:
            positive = problem.y[val] == 1
            gains += rankdata((total + waves)[:, val], axis=1)[:, positive].mean(axis=1) / (~positive).sum()
        seeds.append(int(gains.argmax()))
        total = total + waves[seeds[-1]]
    return seeds


def report(name: str, problem: Problem, runner: Runner, n_files: int) -> None:
    """Measure honest files and attacks on one table, and print the results of label-flip."""
    bench = FoldWorkers(problem, runner, BUDGET)
    n_measured, accused = 0, []
    for path in payload_files(ROOT / "tests/honest")[:n_files]:
        measured = prepare.evaluate(TrainFile(whole_text(path)), bench, refits=True)
        n_measured += measured.is_ok or measured.status is Status.LEAK
        accused += [path.stem] if measured.leaks else []
    print(f"{name}: {len(accused)} of {n_measured} honest files accused {' '.join(accused)}", flush=True)
    for kind, text in attacks(problem):
        measured = prepare.evaluate(TrainFile(text), bench, refits=True)
        value = np.mean([one for one in measured.fold_aucs if one is not None] or [np.nan])
        print(f"  {kind}: val_auc {value:.4f}, {measured.status}, {', '.join(measured.leaks) or 'none'}", flush=True)


def main() -> None:
    """Print a few lines for each table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])  # type: ignore[union-attr]
    parser.add_argument("-n", type=int, default=None, help="number of honest files for each table")
    parser.add_argument("tables", nargs="*", metavar="FILE.csv:TARGET")
    options = parser.parse_args()
    with Runner(prepare.N_WORKERS) as runner:
        report("default table", prepare.split(read_table(ROOT, read_card(ROOT))), runner, options.n)
        for file, _, target in (table.rpartition(":") for table in options.tables):
            path = Path(file).resolve()
            found = infer(path.parent, IntakeOptions(path.name, target, name=path.stem, hints=Hints()))
            report(path.stem, prepare.split(found.table), runner, options.n)


if __name__ == "__main__":
    main()
