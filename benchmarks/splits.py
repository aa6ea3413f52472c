"""The tables of a folder, their target columns, and their repeated splits."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from harness.data.ingest import infer
from harness.data.options import IntakeOptions
from harness.data.reader import column_names
from harness.data.sniff import Hints, guess_format, survey
from harness.data.split import folds, train_test
from harness.data.table import Table
from harness.errors import UserError
from harness.problem import Problem

ROOT = Path(__file__).resolve().parents[1]
TEST_SIZE, N_FOLDS = 0.2, 5
SUFFIXES = (".csv", ".csv.gz", ".tsv")


@dataclass(frozen=True, slots=True)
class Entry:
    """A table of the folder: its file and its target column."""

    path: Path
    target: str

    @property
    def name(self) -> str:
        """The name of the file up to the first point."""
        return self.path.name.split(".")[0]


def find_tables(folder: Path, target: str = "") -> list[Entry]:
    """Return the tables of a folder, in the order of their names.

    The target is `target` where a table has that column; else what target.toml (`sonar = "material"`) or the table in
    README.md says (`| sonar.csv | 208 | 60 | material |`, by its heads `file` and `target`); else a column called
    target; else the last one.

    Raises
    ------
    UserError
        There is no such folder, or no table in it.
    """
    files = sorted(path for path in folder.glob("*") if path.name.endswith(SUFFIXES)) if folder.is_dir() else []
    if not files:
        raise UserError(f"--data {folder}: no CSV files found. Name a folder of CSV files.")
    noted = _noted_targets(folder)
    return [Entry(path, _target(path, target, noted.get(path.name.split(".")[0], ""))) for path in files]


def read(entry: Entry) -> Table:
    """Return the table as `prepare.py --csv` reads it, without writing anything."""
    return infer(ROOT, IntakeOptions(str(entry.path.resolve()), entry.target)).table


def cut(table: Table, split: int, *, is_placebo: bool = False) -> Problem:
    """Hold out a fifth and cut the rest into five folds, as prepare.py does; `split` is the seed of both.

    In a placebo the labels of the training rows are shuffled before the folds are cut: there is nothing to learn.
    """
    train, test = train_test(table, test_size=TEST_SIZE, seed=split)
    if is_placebo:
        y = table.y.copy()
        y[train] = np.random.default_rng([split, 1]).permutation(y[train])
        table = replace(table, y=y)
    parts = folds(table, train, n_folds=N_FOLDS, seed=split)
    return Problem(X=table.X, y=table.y, train=train, test=test, folds=parts, seed=split)


def _target(path: Path, wished: str, noted: str) -> str:
    names = column_names(path, guess_format(path, survey(path).encoding, wished or noted, Hints()))
    return next((name for name in (wished, noted, "target") if name in names), names[-1])


def _noted_targets(folder: Path) -> Mapping[str, str]:
    """Read which target belongs to which table, by the name of its file without the ending."""
    if (folder / "target.toml").is_file():
        return {name: str(target) for name, target in tomllib.loads((folder / "target.toml").read_text()).items()}
    if (folder / "README.md").is_file():
        return dict(_targets_in_markdown((folder / "README.md").read_text("utf-8", "replace")))
    return {}


def _targets_in_markdown(text: str) -> Iterator[tuple[str, str]]:
    heads: list[str] = []
    for line in text.splitlines():
        cells = [cell.strip().strip("`") for cell in line.strip().strip("|").split("|")]
        if not line.lstrip().startswith("|"):
            heads = []
        elif not heads:
            heads = [cell.lower() for cell in cells]
        elif {"file", "target"} <= set(heads) and len(cells) == len(heads) and not re.fullmatch("[-:| ]*", line):
            row = dict(zip(heads, cells, strict=True))
            yield row["file"].split(".")[0], row["target"]
