"""Print the overhead of the harness over plain scikit-learn: milliseconds per fold, and the ratio of measurements.

Run: uv run python benchmarks/overhead.py [-n REPEATS]

Both run the same five folds of the same file on the default table, in turn, in this process and in one warm worker, so
that a busy machine slows both. `experiment` is the time of one step of the ratchet: all folds on all workers, the final
test fit, and the leak checks with their refits.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import time
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"

BASELINE = (ROOT / "train.py").read_text()
MODEL = "LogisticRegression(max_iter=1000)"
FILES = {
    "logistic regression": BASELINE,
    "LightGBM, 60 trees": BASELINE.replace(
        MODEL, "LGBMClassifier(n_estimators=60, verbose=-1, random_state=0)"
    ).replace("from sklearn.compose", "from lightgbm import LGBMClassifier\nfrom sklearn.compose"),
    "HistGradientBoosting, 60 iterations": BASELINE.replace(
        MODEL, "HistGradientBoostingClassifier(max_iter=60, random_state=0)"
    ).replace(
        "from sklearn.impute", "from sklearn.ensemble import HistGradientBoostingClassifier\nfrom sklearn.impute"
    ),
}


def timed(work: Callable[[], Any]) -> float:
    """Return the seconds that some work takes."""
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def plain(source: str, problem: Any) -> None:
    """Fit and score each fold in this process, as cross_val_score does."""
    from sklearn.metrics import roc_auc_score

    module: dict[str, Any] = {"__name__": "train"}
    exec(compile(source, "train.py", "exec"), module)
    for fit, val in problem.folds:
        model = module["build_pipeline"]().fit(problem.rows(fit), problem.y[fit])
        roc_auc_score(problem.y[val], model.predict_proba(problem.rows(val))[:, 1])


def guarded(source: str, problem: Any, runner: Any, budget: Any) -> None:
    """Fit and score the folds in a worker, without leak checks."""
    from harness.problem import score_job
    from harness.workers.pool import Task

    tasks = []
    for fit, val in problem.folds:
        job = score_job(source, problem, fit, problem.y[fit], [problem.rows(val)])
        tasks.append(Task({**job, "guarded": True}, problem.score_bytes(len(val))))
    assert all(answer.payload for answer in runner.run(tasks, budget))


def main() -> None:
    """Measure every file and print a line for each."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("-n", type=int, default=10, help="repeats of each")
    repeats = parser.parse_args().n
    warnings.simplefilter("ignore")
    from harness.data.build import read_table
    from harness.data.config import read_card
    from harness.evaluate import FoldWorkers, read_source
    from harness.workers.pool import Runner, TaskBudget
    from prepare import evaluate, split

    problem, budget = split(read_table(ROOT, read_card(ROOT))), TaskBudget(60.0, 120.0, 4096)
    print(f"{'':<37}{'plain 5 folds':>14}{'guarded':>10}{'ratio':>7}{'over a fold':>13}{'experiment':>12}")
    with Runner(1) as one, Runner(os.cpu_count() or 1) as all_workers:
        for name, source in FILES.items():
            ways = (
                partial(plain, source, problem),
                partial(guarded, source, problem, one, budget),
                partial(evaluate, read_source(source.encode()), FoldWorkers(problem, all_workers, budget)),
            )
            times = [[timed(way) for way in ways] for _ in range(repeats + 1)][1:]  # the first round warms up
            a, b, c = (1e3 * statistics.median(column) for column in zip(*times, strict=True))
            ratio = statistics.median(y / x for x, y, _ in times)
            print(f"{name:<37}{a:>11.0f} ms{b:>7.0f} ms{ratio:>7.1f}{(b - a) / 5:>10.0f} ms{c:>9.0f} ms")
    print(f"medians of {repeats}; experiment = 5 folds, test fit, leak checks with refits on {os.cpu_count()} workers")


if __name__ == "__main__":
    main()
