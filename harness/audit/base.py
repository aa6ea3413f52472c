"""What the audit finds, and what it looks at: the nouns of this folder."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import pandas as pd

from harness.data.table import Integers, Table

MAX_ROWS = 20_000  # that a check which fits models looks at


class Severity(StrEnum):
    """How much a finding matters; only warnings and what is severe are alarms."""

    INFO = "info"
    WARNING = "warning"
    SEVERE = "severe"


class LeakType(StrEnum):
    """The eight leak types of Kapoor and Narayanan (2023), Patterns 4(9), table 1, and none of them."""

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
    """One thing the audit saw: `evidence` with its numbers, `advice` on what to do."""

    check: str
    severity: Severity
    evidence: str
    advice: str
    leak_type: LeakType


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """A table and the split that is in force. Checks that look at classes look at the train rows alone."""

    table: Table
    train: Integers
    test: Integers
    seed: int

    def sample(self, rows: Integers, n_rows: int = MAX_ROWS) -> Integers:
        """Return `rows`, or `n_rows` of them where there are more."""
        if len(rows) <= n_rows:
            return rows
        return np.sort(np.random.default_rng(self.seed).choice(rows, n_rows, replace=False))

    def cells(self, name: str) -> pd.Series[float] | pd.Series[str]:
        """Return a column of X."""
        return self.table.X[name]


Check = Callable[[View], Iterator[Finding]]
