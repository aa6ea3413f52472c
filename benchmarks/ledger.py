"""The jobs of a comparison, and the file of measured cells (one JSON line for each)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.splits import ROOT, Entry
from benchmarks.standings import Cell

ANSWERS = {"ratchet": ("ratchet", "committee")}  # one run of the ratchet has two results
CODE = ("benchmarks/ratchet_runs.py", "prepare.py", "train.py", "harness", "researcher", "ratchet")


@dataclass(frozen=True, slots=True)
class Job:
    """One start of one method on a split of a table, for the budgets that it serves."""

    entry: Entry
    split: int
    method: str
    budgets: tuple[float, ...]
    is_placebo: bool

    def __str__(self) -> str:
        """Return the text of a line of progress."""
        budgets = "+".join(f"{budget:g}" for budget in self.budgets)
        return f"{self.entry.name} split {self.split} {self.method} {budgets}"

    def keys(self) -> list[dict[str, Any]]:
        """Return the key of each cell that it fills."""
        named = {"table": self.entry.name, "content": digest(self.entry.path), "split": self.split}
        named |= {"placebo": self.is_placebo, "code": code_digest(self.method)}
        answers = ANSWERS.get(self.method, (self.method,))
        return [{**named, "method": answer, "budget_s": budget} for budget in self.budgets for answer in answers]


class Ledger:
    """A file of JSON lines, one for each cell; a torn last line is skipped."""

    def __init__(self, path: Path) -> None:
        self.path = path
        lines = path.read_text("utf-8").splitlines() if path.exists() else []
        self.rows = [row for row in map(parse, lines) if row]

    def has(self, key: Mapping[str, Any]) -> bool:
        """Whether the cell was measured."""
        return any(key.items() <= row.items() for row in self.rows)

    def add(self, row: dict[str, Any]) -> None:
        """Append a cell on its own line."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        is_torn = self.path.exists() and not self.path.read_bytes().endswith(b"\n")
        with self.path.open("a", encoding="utf-8") as file:
            file.write("\n" * is_torn + json.dumps(row) + "\n")
        self.rows.append(row)


def jobs(
    entries: Sequence[Entry], methods: Sequence[str], budgets: Sequence[float], n_splits: int, *, is_placebo: bool
) -> Iterator[Job]:
    """Yield all jobs, split by split, so that a stopped comparison is balanced."""
    for split in range(n_splits):
        for entry in entries:
            for method in methods:
                for some in _starts(method, tuple(budgets)):
                    yield Job(entry, split, method, some, is_placebo)


def _starts(method: str, budgets: tuple[float, ...]) -> list[tuple[float, ...]]:
    """The ratchet serves all budgets in one run and LogReg needs none; the others start once for each."""
    if method == "logreg":
        return [(0.0,)]
    return [budgets] if method == "ratchet" else [(budget,) for budget in budgets]


def to_cells(rows: Sequence[Mapping[str, Any]], budgets: Sequence[float]) -> list[Cell]:
    """Return the cells for these budgets, LogReg's in each; of several lines for one cell the last counts."""
    found = {}
    for row in rows:
        for budget in budgets if row["method"] == "logreg" else [row["budget_s"]]:
            key = (row["table"], row["split"], row["method"], budget)
            found[key] = Cell(*key, row["val"], row["test"], row["cpu_s"], row["n"])
    return [cell for cell in found.values() if cell.budget_s in budgets]


def parse(line: str) -> dict[str, Any]:
    """Return the cell on a line, or an empty dict if the line holds none."""
    try:
        row = json.loads(line)
    except ValueError:
        return {}
    return row if isinstance(row, dict) and "method" in row else {}


def digest(path: Path) -> str:
    """Return a short hash of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]


def code_digest(method: str) -> str:
    """Return a short hash of the code that a method's numbers depend on; '' for the methods of other projects."""
    if method != "ratchet":
        return ""
    files = [path for name in CODE for path in sorted((ROOT / name).rglob("*.py")) or [ROOT / name]]
    return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()[:12]
