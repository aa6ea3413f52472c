"""Describe a table as text: its rows, classes, columns, and split."""

from __future__ import annotations

import textwrap

import numpy as np
import pandas as pd
from rich.cells import cell_len, set_cell_size

from harness.data.config import ColumnType
from harness.data.table import Table
from harness.output import printable

WIDTH = 80
MAX_COLUMNS = 40
MAX_NAME = 24  # terminal cells


def describe(table: Table, split: str) -> str:
    """Return the description of a table, 80 columns wide; `split` describes the split."""
    X, counts = table.X, np.bincount(table.y, minlength=len(table.classes))
    n_missing = int(X.isna().to_numpy().sum())
    top = {
        "table": f"{table.card.name}, from {table.card.source}",
        "size": f"{len(X):,} rows, {len(X.columns)} columns, {n_missing:,} missing cells",
        "target": f"{table.card.target} is {_classes(table.classes, counts)}",
        "split": split,
    }
    if table.card.drop:
        top["dropped"] = ", ".join(table.card.drop)
    lines = [line for name, text in top.items() for line in _wrap(name, text)]
    width = min(MAX_NAME, max(map(cell_len, ["column", *map(printable, X.columns)])))
    lines += ["", f"{'column':<{width}}  {'kind':<8}  {'missing':>7}  {'distinct':>8}  values"]
    lines += [_fit(_column(table, name, width), WIDTH) for name in X.columns[:MAX_COLUMNS]]
    if len(X.columns) > MAX_COLUMNS:
        lines.append(f"… and {len(X.columns) - MAX_COLUMNS} more columns")
    return "\n".join(lines)


def _classes(names: tuple[str, ...], counts: np.ndarray[tuple[int], np.dtype[np.int64]]) -> str:
    counted = [
        f"{name}: {count:,} rows ({count / counts.sum():.1%})" for name, count in zip(names, counts, strict=True)
    ]
    if len(names) == 2:
        return f"{counted[1]}, positive; {counted[0]}"
    return f"{len(names)} classes: " + "; ".join(counted)


def _column(table: Table, name: str, width: int) -> str:
    cells, kind = table.X[name], table.card.kinds[name]
    shown = set_cell_size(_fit(printable(name), width), width)
    return f"{shown}  {kind:<8}  {cells.isna().sum():>7,}  {cells.nunique():>8,}  {values_text(cells, kind)}"


def values_text(cells: pd.Series[float] | pd.Series[str], kind: ColumnType) -> str:
    """Return the most common texts of a column, or the range of its numbers."""
    present = cells.dropna()
    if kind is ColumnType.CATEGORY:
        return ", ".join(f"{printable(str(text))} {count:,}" for text, count in present.value_counts().head(3).items())
    if not len(present):
        return ""
    if kind is ColumnType.BOOLEAN:
        return f"true in {present.astype(float).mean():.1%}"
    low, high = float(present.min()), float(present.max())
    if kind is ColumnType.DATE:
        return f"{date_text(low)} to {date_text(high)}"
    return f"{low:.10g} to {high:.10g}"


def date_text(days: float) -> str:
    """Return days since 1970-01-01 as a date."""
    return str(np.datetime64(0, "D") + np.timedelta64(int(days // 1), "D"))


def _wrap(name: str, text: str) -> list[str]:
    return textwrap.wrap(printable(text), WIDTH, initial_indent=f"{name:<9}", subsequent_indent=" " * 9)


def _fit(text: str, width: int) -> str:
    """Return text of at most `width` terminal cells: a wide character takes two, a combining one none."""
    return text if cell_len(text) <= width else f"{set_cell_size(text, width - 1).rstrip()}…"
