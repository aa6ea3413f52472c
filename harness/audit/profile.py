"""Profile a table for its page: columns with a histogram by class, and the rows that the audit speaks of.

A label of a held-out row is never used: histograms count the training rows alone, and only training rows are shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from harness.audit.base import Finding
from harness.data.config import ColumnType
from harness.data.preview import date_text, values_text
from harness.data.table import Integers, Table
from harness.output import one_line

MAX_CLASSES = 6  # with a colour of their own; of more, the rarest share one
MAX_BARS = 12
MAX_DRAWN = 200  # columns with a histogram, and findings
MAX_LISTED = 2_000  # further columns, by name alone
MAX_ROWS = 8  # of a finding
MAX_CELLS = 10  # of a row
LENGTH = 80  # characters of a name or a cell

Counts = np.ndarray[Any, np.dtype[np.int64]]


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """One column; `counts` are training rows by bar and class, `bars` says what each bar counts."""

    name: str
    kind: ColumnType
    n_missing: int
    n_distinct: int
    values: str
    bars: tuple[str, ...]
    counts: Counts


@dataclass(frozen=True, slots=True, eq=False)
class ShownFinding:
    """A finding with the training rows it speaks of: (row number in the file, class, cells)."""

    finding: Finding
    columns: tuple[str, ...]
    rows: tuple[tuple[int, str, tuple[str, ...]], ...]
    n_left_out: int  # of the finding's rows


@dataclass(frozen=True, slots=True, eq=False)
class Profile:
    """What the page shows of a table."""

    classes: tuple[tuple[str, int], ...]  # name, training rows
    columns: tuple[Column, ...]
    listed: tuple[str, ...]  # further columns
    n_more: int  # columns that are neither
    findings: tuple[ShownFinding, ...]
    n_more_findings: int


def make_profile(table: Table, train: Integers, findings: Sequence[Finding]) -> Profile:
    """Profile a table; `train` are the positions of its training rows."""
    names = table.features.names
    spoken = [name for name in names if any(repr(name) in finding.evidence for finding in findings[:MAX_DRAWN])]
    drawn = set([*spoken[:MAX_DRAWN], *names][: max(MAX_DRAWN, len(spoken[:MAX_DRAWN]))])
    listed = [name for name in names if name not in drawn]
    classes, y = _classes(table, train)
    return Profile(
        classes=tuple(zip(classes, map(int, np.bincount(y, minlength=len(classes))), strict=True)),
        columns=tuple(_column(table, name, train, y, len(classes)) for name in names if name in drawn),
        listed=tuple(one_line(name, LENGTH) for name in listed[:MAX_LISTED]),
        n_more=max(0, len(listed) - MAX_LISTED),
        findings=tuple(_evidence(table, train, finding) for finding in findings[:MAX_DRAWN]),
        n_more_findings=max(0, len(findings) - MAX_DRAWN),
    )


def _classes(table: Table, train: Integers) -> tuple[list[str], Integers]:
    """Return the names of the classes and that of each training row; the rarest of many share one name."""
    names = [one_line(name, LENGTH) for name in table.classes]
    if len(names) <= MAX_CLASSES:
        return names, table.y[train]
    order = np.argsort(-np.bincount(table.y[train], minlength=len(names)), kind="stable")
    places = np.empty(len(names), np.int64)
    places[order] = np.minimum(np.arange(len(names)), MAX_CLASSES - 1)
    shown = [names[place] for place in order[: MAX_CLASSES - 1]]
    return [*shown, f"{len(names) - MAX_CLASSES + 1} other classes"], places[table.y[train]]


def _column(table: Table, name: str, train: Integers, y: Integers, n_classes: int) -> Column:
    cells, kind = table.X[name], table.card.kinds[name]
    present = cells.iloc[train].notna().to_numpy()
    of_train = cells.iloc[train][present]
    labels, places = _bars(of_train)
    bars = [*labels, "missing"] if not present.all() else labels
    bar = np.full(len(train), len(labels), np.int64)
    bar[present] = places
    counts = np.bincount(bar * n_classes + y, minlength=len(bars) * n_classes).reshape(len(bars), n_classes)
    return Column(
        name=one_line(name, LENGTH),
        kind=kind,
        n_missing=int(cells.isna().sum()),
        n_distinct=int(cells.nunique()),
        values=one_line(values_text(cells, kind), 2 * LENGTH),
        bars=tuple(bars),
        counts=counts,
    )


def _bars(cells: pd.Series[Any]) -> tuple[list[str], Integers]:
    """Return what each bar counts, and the bar of each cell."""
    if pd.api.types.is_numeric_dtype(cells.dtype):
        return _number_bars(cells.to_numpy(np.float64))
    return _text_bars(cells)


def _text_bars(cells: pd.Series[Any]) -> tuple[list[str], Integers]:
    """Return the most common texts and the place of each cell's text among them; the others share the last place."""
    counts = cells.value_counts()
    top = list(counts.index[: MAX_BARS if len(counts) <= MAX_BARS else MAX_BARS - 1])
    places = pd.Index(top).get_indexer(pd.Index(cells))
    places[places < 0] = len(top)
    others = [f"{len(counts) - len(top):,} others"] if len(counts) > len(top) else []
    return [one_line(str(text), LENGTH) for text in top] + others, places.astype(np.int64)


def _number_bars(cells: np.ndarray[Any, np.dtype[np.float64]]) -> tuple[list[str], Integers]:
    """Return bars of distinct numbers if they are few, else of equal width; the outer 1 % go to the outer bars."""
    values = np.unique(cells)
    if len(values) <= MAX_BARS:
        return [f"{value:.6g}" for value in values], np.searchsorted(values, cells).astype(np.int64)
    low, high = np.quantile(cells, [0.01, 0.99])
    edges = np.linspace(low, high, MAX_BARS + 1) if high > low else np.linspace(values[0], values[-1], MAX_BARS + 1)
    places = np.clip(np.searchsorted(edges, cells, "right") - 1, 0, MAX_BARS - 1)
    return [f"{edges[i]:.4g} to {edges[i + 1]:.4g}" for i in range(MAX_BARS)], places.astype(np.int64)


def _evidence(table: Table, train: Integers, finding: Finding) -> ShownFinding:
    """Return the finding with those of its rows that are training rows, and the columns that it names or others."""
    is_train = np.zeros(len(table.y), np.bool_)
    is_train[train] = True
    rows = [row for row in finding.rows if is_train[row]][:MAX_ROWS]
    names = table.features.names
    named = [name for name in names if repr(name) in finding.evidence]
    columns = list(dict.fromkeys([*named, *names[:MAX_CELLS]]))[:MAX_CELLS] if rows else []
    shown = table.X[columns].iloc[rows].astype(object) if rows else pd.DataFrame()
    kinds = [table.card.kinds[name] for name in columns]
    cells = [tuple(map(_cell, row, kinds)) for row in shown.itertuples(index=False, name=None)]
    labels = [one_line(table.classes[table.y[row]], LENGTH) for row in rows]
    return ShownFinding(
        finding=finding,
        columns=tuple(one_line(name, LENGTH) for name in columns),
        rows=tuple(zip((row + 1 for row in rows), labels, cells, strict=True)),
        n_left_out=len(finding.rows) - len(rows),
    )


def _cell(cell: object, kind: ColumnType) -> str:
    if isinstance(cell, float):
        shown = date_text if kind is ColumnType.DATE else "{:.10g}".format
        return "" if np.isnan(cell) else shown(cell)
    return one_line(str(cell), LENGTH)
