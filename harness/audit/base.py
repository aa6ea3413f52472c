"""The types of the audit: a finding, and the view of a table that a check gets."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
import pandas as pd

from harness.data.table import Integers, Table

MAX_ROWS = 20_000  # used by a check that fits models
PROGRESS_COLUMNS = 100  # between two reports of progress

Progress = Callable[[str], None]


class Severity(StrEnum):
    """How serious a finding is; info needs no action."""

    INFO = "info"
    WARNING = "warning"
    SEVERE = "severe"


class LeakType(StrEnum):
    """The eight leak types of Kapoor and Narayanan (2023), Patterns 4(9), table 1, and NONE."""

    NO_TEST_SET = "L1.1 no test set"
    PREPROCESSING = "L1.2 pre-processing on training and test rows"
    SELECTION = "L1.3 feature selection on training and test rows"
    DUPLICATES = "L1.4 duplicates"
    FEATURES = "L2 illegitimate features"
    TEMPORAL = "L3.1 temporal leakage"
    DEPENDENCE = "L3.2 non-independence"
    SAMPLING = "L3.3 sampling bias in the test rows"
    NONE = "no leak"


@dataclass(frozen=True, slots=True)
class Finding:
    """One result of a check: `evidence` with its numbers, `advice` on what to do, positions of `rows` it speaks of."""

    check: str
    severity: Severity
    evidence: str
    advice: str
    leak_type: LeakType
    rows: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """A table and its split. Checks that use the labels use those of the train rows."""

    table: Table
    train: Integers
    test: Integers
    seed: int
    on_progress: Progress = field(default=lambda _text: None)

    def columns(self, check: str) -> Iterator[str]:
        """Yield the name of each column of X, and report the progress of this check."""
        names = self.table.features.names
        for place, name in enumerate(names):
            if place % PROGRESS_COLUMNS == 0:
                self.on_progress(f"audit: {check} ({place:,} of {len(names):,} columns)")
            yield name

    def sample(self, rows: Integers, n_rows: int = MAX_ROWS) -> Integers:
        """Return `rows`, or a random sample of `n_rows` of them if there are more."""
        if len(rows) <= n_rows:
            return rows
        return np.sort(np.random.default_rng(self.seed).choice(rows, n_rows, replace=False))

    def cells(self, name: str) -> pd.Series[float] | pd.Series[str]:
        """Return a column of X."""
        return self.table.X[name]


Check = Callable[[View], Iterator[Finding]]
