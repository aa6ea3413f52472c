"""Print the largest gain that no check of the rows can tell from learning, on 303, about 5,000 and 50,000 rows.

Run: uv run python benchmarks/invisible.py [FILE.csv TARGET]

The 50,000 rows, and 5,404 rows if no file is named, are generated from a linear and a periodic part with noise. The
plain models of harness/checks/baselines.py are measured as in a check, and the result is the one that
`uv run prepare.py --check` shows for the table.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import prepare
from harness.checks import baselines
from harness.data.build import read_table
from harness.data.config import read_card
from harness.data.ingest import infer
from harness.data.options import IntakeOptions
from harness.data.sniff import Hints
from harness.evaluate import FoldWorkers, read_file
from harness.problem import Problem
from harness.workers.pool import Runner, TaskBudget

MIDDLE, LARGE = 5_404, 50_000
BUDGET = TaskBudget(cpu_s=600.0, wall_s=3600.0, memory_mb=4096)


def generate(n_rows: int) -> Problem:
    """Return a table of six measurements whose class follows from them with noise."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n_rows, 6)).round(4)
    signal = X[:, 0] + np.sin(2 * X[:, 1]) + X[:, 2] * X[:, 3] + 1.5 * rng.normal(size=n_rows)
    y = (signal > 0).astype(np.int64)
    frame = pd.DataFrame(X, columns=[f"x{i}" for i in range(6)])
    rows = rng.permutation(n_rows)
    test, train = rows[: n_rows // 5], rows[n_rows // 5 :]
    parts = np.array_split(train, prepare.N_FOLDS)
    return Problem(frame, y, train, test, [(np.setdiff1d(train, part), part) for part in parts], prepare.SEED)


def say(name: str, problem: Problem, runner: Runner) -> None:
    """Measure the baseline and every plain model on a table, and print the sizes."""
    bench = FoldWorkers(problem, runner, BUDGET)
    context = bench.context(prepare.evaluate(read_file(ROOT / "train.py"), bench, refits=False))
    for model, text in zip(baselines.MODELS, baselines.sources(0), strict=True):
        context.plainly(text, max_rows=baselines.MAX_ROWS.get(model))
    missing = baselines.find_unmeasured(context)
    print(f"{name}, {len(problem.y)} rows: {baselines.find_invisible(context)}", *missing, flush=True)


def main() -> None:
    """Print one line for each table."""
    with Runner(prepare.N_WORKERS) as runner:
        say("default table", prepare.split(read_table(ROOT, read_card(ROOT))), runner)
        if len(sys.argv) > 2:
            file = Path(sys.argv[1]).resolve()
            found = infer(file.parent, IntakeOptions(file.name, sys.argv[2], name=file.stem, hints=Hints()))
            say(file.stem, prepare.split(found.table), runner)
        else:
            say("generated", generate(MIDDLE), runner)
        say("generated", generate(LARGE), runner)


if __name__ == "__main__":
    main()
