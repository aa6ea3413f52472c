"""Print the cost of a large table and that of plain pandas and scikit-learn: seconds, and memory in table sizes.

Run: uv run python benchmarks/table.py [-n ROWS]

The table has fifty columns, two of them categories, and missing cells. Each line is measured in a separate process.
`over` is the peak memory above that of the imported libraries. The size of the table is 8 bytes for a number and 4 for
a category.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import psutil

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from harness.problem import Problem

N_NUMBERS = 45
TEST_SIZE, N_FOLDS, SEED = 0.2, 5, 42
CONSTANT = """
from sklearn.dummy import DummyClassifier


def feature_fn(X):
    return X


def build_pipeline():
    return DummyClassifier()
"""


def make(path: Path, n_rows: int) -> None:
    """Write a CSV file of fifty feature columns and a target, a part at a time."""
    rng = np.random.default_rng(0)
    path.unlink(missing_ok=True)
    for begin in range(0, n_rows, 50_000):
        n = min(50_000, n_rows - begin)
        X = rng.normal(size=(n, N_NUMBERS)).round(4)
        frame = pd.DataFrame(X).add_prefix("number_").mask(rng.random((n, N_NUMBERS)) < 0.02)
        for place, size in enumerate((5, 60, 3)):
            frame[f"count_{place}"] = rng.integers(0, size, n)
        frame["colour"] = rng.choice(["red", "green", "blue"], n)
        frame["city"] = rng.choice([f"city {number}" for number in range(300)], n)
        frame["y"] = np.where(X[:, 0] + X[:, 1] / 2 + rng.normal(size=n) > 0, "yes", "no")
        frame.to_csv(path, mode="a", index=False, header=begin == 0)


def plain(path: Path, _root: Path) -> None:
    """What a notebook does: pandas.read_csv, and scikit-learn's split and folds."""
    from sklearn.model_selection import StratifiedKFold, train_test_split

    frame = pd.read_csv(path)
    X, y = frame.drop(columns="y"), frame["y"]
    train, _ = train_test_split(np.arange(len(y)), test_size=TEST_SIZE, stratify=y, random_state=SEED)
    assert len(list(StratifiedKFold(N_FOLDS, shuffle=True, random_state=SEED).split(train, y.iloc[train]))) == N_FOLDS
    assert len(X.columns) == N_NUMBERS + 5


def take_in(path: Path, root: Path) -> None:
    """The same with `prepare.py --csv`: look, read, split, write the cache and the card."""
    from harness.data.ingest import infer, write
    from harness.data.options import IntakeOptions

    intake = infer(root, IntakeOptions(str(path), "y"))
    cut(intake.table)
    write(root, intake)


def start(path: Path, root: Path) -> None:
    """A later start: the cache is mapped and checked, the folds are cut; the CSV file is not looked at."""
    from harness.data.build import read_table
    from harness.data.config import read_card

    assert path.exists()
    cut(read_table(root, read_card(root)))


def fold(path: Path, root: Path) -> None:
    """Measure a constant classifier on the cached table: five folds and the test fit, rows in files that folds map."""
    from harness.data.build import read_table
    from harness.data.config import read_card
    from harness.evaluate import FoldWorkers, TrainFile
    from harness.workers.pool import Runner, TaskBudget
    from prepare import evaluate

    assert path.exists()
    with Runner(2) as runner:
        bench = FoldWorkers(cut(read_table(root, read_card(root))), runner, TaskBudget(180.0, 900.0, 4096))
        measured = evaluate(TrainFile(CONSTANT), bench, refits=False)
        assert measured.val_auc == 0.5, measured.reason


def cut(table: object) -> Problem:
    """Split as prepare.py does."""
    from harness.data.split import folds, train_test
    from harness.data.table import Table

    assert isinstance(table, Table)
    train, test = train_test(table, test_size=TEST_SIZE, seed=SEED)
    parts = folds(table, train, n_folds=N_FOLDS, seed=SEED)
    assert len(parts) == N_FOLDS
    return Problem(table.X, table.y, train, test, parts, SEED)


WAYS: dict[str, Callable[[Path, Path], None]] = {"plain": plain, "take in": take_in, "start again": start, "fold": fold}


def measure(way: str, path: Path, root: Path) -> None:
    """Run one way in this process and print its seconds and its peak memory as JSON."""
    import sklearn.model_selection

    import harness.data.ingest

    assert sklearn.model_selection
    assert harness.data.ingest
    before, begun = psutil.Process().memory_info().rss, time.perf_counter()
    WAYS[way](path, root)
    print(json.dumps({"wall_s": time.perf_counter() - begun, "bytes": peak_bytes() - before}))


def peak_bytes() -> int:
    """Return the most memory that this process ever had."""
    if sys.platform == "win32":
        return int(psutil.Process().memory_info().peak_wset)
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def main() -> None:
    """Make the table, measure every way in a process of its own, and print a line for each."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("-n", type=int, default=1_000_000, help="rows")
    parser.add_argument("--way", nargs=3, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.way:
        return measure(args.way[0], Path(args.way[1]), Path(args.way[2]))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "table.csv")
        make(path, args.n)
        n_bytes = args.n * (8 * (N_NUMBERS + 3) + 4 * 2)
        print(
            f"{args.n:,} rows, 50 columns: {path.stat().st_size / 1e6:.0f} MB as CSV, {n_bytes / 1e6:.0f} MB in memory"
        )
        for way, work in WAYS.items():
            command = [sys.executable, __file__, "--way", way, str(path), folder]
            done = json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)
            what = (work.__doc__ or "").split(":")[0].rstrip(".")
            mb, tables = done["bytes"] / 1e6, done["bytes"] / n_bytes
            print(f"{way:<12}{done['wall_s']:>7.2f} s{mb:>8.0f} MB over{tables:>6.2f} tables   {what}")
    return None


if __name__ == "__main__":
    main()
