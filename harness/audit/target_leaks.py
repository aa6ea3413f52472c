"""Columns that leak the target: the target itself, missingness that depends on it, identifiers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from harness.audit.base import Finding, LeakType, Severity, View
from harness.audit.models import scores_out_of_fold, single_auc, strongest
from harness.data.config import ColumnType
from harness.data.table import Integers
from harness.stats import auc

STRONG = 0.95  # AUC of a single column, from which on it is compared with the others
POOR = 0.85  # at most the AUC of all other columns where several give the answer away together
TIMES_BETTER = 2.5  # ratio of 1 - AUC of all other columns to that of a column that leaks the target
TELLING = 0.7  # AUC of "is this cell missing?"
FEW_MISSING = 20  # cells; fewer are no evidence
NAMED = 100  # rows that a finding names
PURE = 0.98  # share of one class among the rows with a missing cell
MIN_ROWS = 50  # below, all values of a column are different by chance
ID_NAME = re.compile(
    r"(^|[_\W])(id|ids|idx|index|uuid|guid|key|no|nr|num|number|serial|ref|code|row)($|[_\W\d])|"
    r"(?-i:[a-z]Id$|(?<![A-Z])ID$)",
    re.I,
)


def single_column(view: View) -> Iterator[Finding]:
    """Find columns that alone predict the class much better than all others together, however many they are."""
    rows = view.sample(view.train)
    X, y = view.table.X.iloc[rows], view.table.y[rows]
    renamed = [name for name in view.columns("single column") if _is_renamed(X[name], y)]
    for name in renamed:
        yield _giveaway(name, "each of its values corresponds to one class, so it is a copy of the target")
    alone = {
        name: area
        for name in strongest(X.drop(columns=renamed), y, least=STRONG)
        if (area := single_auc(X[name], y, seed=view.seed)) is not None and area >= STRONG
    }
    without_all = _others(X, y, [*renamed, *alone], view.seed) if len(alone) > 1 else 1.0
    for name, area in alone.items():
        rival = max((other for key, other in alone.items() if key != name), default=0.5)
        without = _others(X, y, [*renamed, name], view.seed) if _is_much_better(area, rival) else 1.0
        if _is_much_better(area, without):
            yield _giveaway(name, f"alone it has AUC {area:.3f}, all other columns together {without:.3f}")
        elif without_all <= POOR and _is_much_better(area, without_all):
            others = ", ".join(repr(other) for other in list(alone)[:5] if other != name)
            yield _giveaway(name, f"alone it has AUC {area:.3f}, all but it and {others} together {without_all:.3f}")


def _others(X: pd.DataFrame, y: Integers, left_out: list[str], seed: int) -> float:
    """Return the AUC of all columns but some; 0.5 if none is left."""
    if len(X.columns) == len(left_out):
        return 0.5
    scores = scores_out_of_fold(X.drop(columns=left_out), y, seed=seed)
    return (None if scores is None else auc(y, scores)) or 0.5


def missing_cells(view: View) -> Iterator[Finding]:
    """Find columns whose missing cells predict the class."""
    rows = view.sample(view.train)
    y = view.table.y[rows]
    for name in view.table.X.columns:
        is_missing = view.cells(name).isna().to_numpy()[rows]
        if not FEW_MISSING <= is_missing.sum() <= len(rows) - FEW_MISSING:
            continue
        shares = np.bincount(y[is_missing], minlength=len(view.table.classes)) / is_missing.sum()
        base = np.bincount(y) / len(y)
        place = int(np.argmax(shares - base))
        area = 0.5 + abs(is_missing[y == place].mean() - is_missing[y != place].mean()) / 2
        is_pure = shares[place] >= PURE and base[place] <= 0.85
        if area >= TELLING or is_pure:
            yield Finding(
                "telling-missingness",
                Severity.SEVERE if area >= 0.9 else Severity.WARNING,
                f"{name!r} is missing in {is_missing.sum():,} rows; {shares[place]:.0%} of them are class "
                f"{view.table.classes[place]!r}, {base[place]:.0%} of all rows (AUC {area:.2f})",
                f"Find out whether it is recorded before or after the label is known. If after: --drop {name!r}",
                LeakType.FEATURES,
                tuple(map(int, rows[is_missing][:NAMED])),
            )


def identifiers(view: View) -> Iterator[Finding]:
    """Find columns with a distinct value in every row: names, row numbers, identifiers."""
    for name in view.table.X.columns:
        cells = view.cells(name).dropna()
        if (
            view.table.card.kinds[name] is ColumnType.DATE
            or len(cells) < MIN_ROWS
            or cells.nunique() < 0.98 * len(cells)
        ):
            continue
        why = _identifies(name, cells)
        if why:
            yield Finding(
                "identifier",
                Severity.WARNING,
                f"{name!r} has {cells.nunique():,} different values in {len(cells):,} rows{why}",
                f"A model can only memorize it. --drop {name!r}",
                LeakType.FEATURES,
            )


def _identifies(name: str, cells: pd.Series[Any]) -> str:
    """Return why a column of distinct values is an identifier; "" if it is a measurement."""
    if not pd.api.types.is_numeric_dtype(cells.dtype):
        return ", all text"
    values = cells.to_numpy(np.float64)
    if (values != np.round(values)).any():
        return ""
    if values.max() - values.min() < 2 * len(values):
        return ", with hardly any gaps"
    return ", and is named like an identifier" if ID_NAME.search(name) else ""


def _is_much_better(alone: float, others: float) -> bool:
    return 1 - others >= TIMES_BETTER * (1 - alone) + 0.01


def _is_renamed(cells: pd.Series[Any], y: Integers) -> bool:
    """Whether the values of the column and the classes correspond one to one."""
    codes, values = pd.factorize(cells)
    n_classes = len(np.unique(y))
    if len(values) != n_classes:
        return False
    present = codes >= 0
    pairs = np.unique(np.column_stack([codes, y])[present], axis=0)
    return len(pairs) == n_classes == len(np.unique(pairs[:, 1])) and bool(present.mean() > 0.9)


def _giveaway(name: str, evidence: str) -> Finding:
    return Finding(
        "gives-the-answer-away",
        Severity.SEVERE,
        f"{name!r}: {evidence}",
        f"Find out whether it is known before the label. If not: --drop {name!r}",
        LeakType.FEATURES,
    )
