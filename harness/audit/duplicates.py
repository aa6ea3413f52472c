"""Duplicate and near-duplicate rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from harness.audit.base import Finding, LeakType, Severity, View
from harness.data.config import CARD, Duplicates
from harness.data.split import equal_rows, hiding_columns, telling_columns
from harness.data.table import Floats, Integers, Table

Cells = np.ndarray[Any, np.dtype[Any]]
Pairs = np.ndarray[Any, np.dtype[np.int64]]  # shape (n_pairs, 2), positions

SURPRISE_BITS = 7.0  # beyond log2 of the number of pairs: one false pair in a hundred tables
N_TELLING = 3  # most informative columns, in which near-duplicates agree; 2 of fewer than 8
MIN_SHARE = 0.6  # of all columns, in which near-duplicates agree
MIN_ROWS = 20
MANY = 0.01  # of the rows; fewer near-duplicates hardly change a score
KEY_COLUMNS = 8  # from which candidate pairs are built
MAX_BUCKET = 6  # rows that agree in them; larger sets are common values, not duplicates
TOLERANCE = 0.005  # standard deviations within which two numbers agree
GRID = 4.0  # tolerances: width of the bins in which near numbers are found
NEAR_ROWS = 100_000  # rows that are compared
NAMED = 100  # rows or pairs that a finding names
MAX_RANKED = 2_000  # rows from which correlations are computed
MAX_COMPARED = 300  # columns, the most informative ones; at most half as many as rows, or no correlation is known


def duplicates(view: View) -> Iterator[Finding]:
    """Find rows that are equal in every feature."""
    table = view.table
    hiding = hiding_columns(table)
    codes = equal_rows(telling_columns(table))
    n_copies = len(codes) - (int(codes.max(initial=-1)) + 1)
    if not n_copies:
        return
    straddling = np.isin(codes[view.test], codes[view.train]).sum()
    n_mixed = _n_mixed(codes[view.train], table.y[view.train])
    but = f" but for {', '.join(map(repr, hiding))}" if hiding else ""
    stay = f'Nothing to do: they stay on one side. If they are different things, set duplicates = "apart" in {CARD}.'
    yield Finding(
        "duplicates",
        Severity.WARNING if straddling else Severity.INFO,
        f"{n_copies:,} of {len(codes):,} rows are duplicates of another{but}; {straddling:,} test rows have a "
        f"duplicate among the train rows; {n_mixed:,} sets of equal train rows have more than one class",
        _way_out(table) if straddling else stay,
        LeakType.DUPLICATES,
        _copies(codes),
    )


def near_duplicates(view: View) -> Iterator[Finding]:
    """Find pairs of different rows that agree in more columns than chance explains."""
    table = view.table
    rows = _different(view)
    pairs, n_apart = near_pairs([*table.features.numbers[:, rows], *table.features.codes[:, rows]])
    pairs = rows[pairs]
    if table.groups is not None:
        is_other = table.groups[pairs[:, 0]] != table.groups[pairs[:, 1]]
        pairs, n_apart = pairs[is_other], n_apart[is_other]
    if not len(pairs):
        return
    known = pairs[np.isin(pairs, view.train).all(axis=1)]
    n_mixed = int((table.y[known[:, 0]] != table.y[known[:, 1]]).sum())
    shown = ", ".join(f"{one + 1} and {other + 1}" for one, other in pairs[:3]) + ", …" * (len(pairs) > 3)
    n_close = len(np.unique(pairs[n_apart <= max(1, len(table.X.columns) // 10)]))
    yield Finding(
        "near-duplicates",
        Severity.WARNING if n_close > MANY * len(rows) else Severity.INFO,
        f"{len(pairs):,} pairs of rows agree more than chance explains (rows {shown}); "
        f"{n_mixed:,} of train rows differ in class",
        "Inspect them. If both are the same thing, remove one, or name the column that they share with --group.",
        LeakType.DUPLICATES,
        tuple(map(int, pairs[:NAMED].ravel())),
    )


def near_pairs(columns: Sequence[Cells]) -> tuple[Pairs, Integers]:
    """Return the pairs of rows that agree in more columns than chance explains, and the number of differing columns.

    Two cells agree if both are present and nearly equal on the scale of their column. If a share p of the rows agrees
    with a cell, agreement is worth -log2(p) bits; the total correlation of the agreeing columns is subtracted from the
    sum. A pair is reported if SURPRISE_BITS are left beyond log2(number of pairs), and if it agrees in the most
    informative columns and in most of all columns.

    Parameters
    ----------
    columns : sequence of arrays, shape (n_rows,)
        float64 with NaN for a missing cell, or integer codes.

    Notes
    -----
    Total correlation of a Gaussian copula with correlations R: -log2(det R) / 2.
    """
    n_rows = len(columns[0]) if columns else 0
    if n_rows < MIN_ROWS or len(columns) < 2:
        return np.empty((0, 2), np.int64), np.empty(0, np.int64)
    scales = sorted(map(_scale, columns), key=lambda scale: -float(scale.bits.mean()))
    del scales[max(KEY_COLUMNS, min(MAX_COMPARED, n_rows // 2)) :]
    pairs = _candidates(scales)
    agrees, bits = _agreements(scales, pairs)
    needed = np.log2(n_rows * (n_rows - 1) / 2) + SURPRISE_BITS
    n_telling = N_TELLING if len(columns) >= 8 else N_TELLING - 1
    may = agrees[:, :n_telling].all(axis=1) & (agrees.mean(axis=1) >= MIN_SHARE) & (bits >= needed)
    if not may.any():
        return pairs[may], np.empty(0, np.int64)
    may[may] = bits[may] - _shared_bits(scales, agrees[may]) >= needed
    return pairs[may], (~agrees[may]).sum(axis=1)


@dataclass(frozen=True, slots=True, eq=False)
class _Scale:
    """A column, the distance at which two cells agree, and the bits that agreement with each cell is worth."""

    cells: Floats
    tolerance: float
    bits: Floats


def _scale(column: Cells) -> _Scale:
    cells = column.astype(np.float64)
    if column.dtype != np.float64:
        cells[cells < 0] = np.nan
    n_present = int((~np.isnan(cells)).sum())
    tolerance = TOLERANCE * float(np.nanstd(cells)) if column.dtype == np.float64 and n_present else 0.0
    ordered = np.sort(cells)[:n_present]  # a missing cell sorts last
    alike = np.searchsorted(ordered, cells + tolerance, "right") - np.searchsorted(ordered, cells - tolerance)
    bits = np.where(np.isnan(cells), 0.0, -np.log2(np.maximum(alike - 1, 1) / len(cells)))
    return _Scale(cells, tolerance, bits)


def _agreements(scales: Sequence[_Scale], pairs: Pairs) -> tuple[np.ndarray[Any, np.dtype[np.bool_]], Floats]:
    """Return in which columns each pair agrees, shape (n_pairs, n_columns), and the sum of their bits."""
    agrees = np.zeros((len(pairs), len(scales)), np.bool_)
    bits = np.zeros(len(pairs))
    for place, scale in enumerate(scales):
        agrees[:, place] = np.abs(scale.cells[pairs[:, 0]] - scale.cells[pairs[:, 1]]) <= scale.tolerance
        worth = np.minimum(scale.bits[pairs[:, 0]], scale.bits[pairs[:, 1]])
        bits += np.where(agrees[:, place], worth, 0.0)
    return agrees, bits


def _shared_bits(scales: Sequence[_Scale], agrees: np.ndarray[Any, np.dtype[np.bool_]]) -> Floats:
    """Return the total correlation of the columns in which each pair agrees, from rank correlations."""
    ranks = pd.DataFrame({place: scale.cells[:MAX_RANKED] for place, scale in enumerate(scales)}).rank()
    correlations = np.nan_to_num(ranks.corr().to_numpy(), nan=0.0)
    np.fill_diagonal(correlations, 1.0)
    patterns, place = np.unique(agrees, axis=0, return_inverse=True)
    shared = np.array([-np.linalg.slogdet(correlations[np.ix_(some, some)])[1] / np.log(4) for some in patterns])
    return np.asarray(shared[place.ravel()], np.float64)


def _candidates(scales: Sequence[_Scale]) -> Pairs:
    """Return the pairs that are equal in two of the most informative columns, or nearly equal in three."""
    telling = scales[:KEY_COLUMNS]
    keys = [[scale.cells for scale in some] for some in combinations(telling, 2)]
    fuzzy = [np.floor(scale.cells / (GRID * scale.tolerance)) for scale in telling if scale.tolerance]
    keys += [list(some) for some in combinations(fuzzy, 3)]
    found = np.concatenate([_bucket_pairs(equal_rows(key)) for key in keys])
    return np.unique(np.sort(found, axis=1), axis=0)


def _bucket_pairs(codes: Integers) -> Pairs:
    """Return all pairs of positions within each set of at most MAX_BUCKET equal codes."""
    sizes = np.bincount(codes)
    order = np.argsort(codes, kind="stable")
    order = order[(sizes[codes] > 1)[order] & (sizes[codes] <= MAX_BUCKET)[order]]
    pairs = [np.empty((0, 2), np.int64)]
    for step in range(1, MAX_BUCKET):
        same = codes[order[:-step]] == codes[order[step:]]
        pairs.append(np.column_stack([order[:-step][same], order[step:][same]]))
    return np.concatenate(pairs)


def _different(view: View) -> Integers:
    """Return one position of each set of equal rows, at most NEAR_ROWS of them."""
    features = view.table.features
    first = np.unique(equal_rows([*features.numbers, *features.codes]), return_index=True)[1].astype(np.int64)
    return view.sample(first, NEAR_ROWS)


def _copies(codes: Integers) -> tuple[int, ...]:
    """Return the positions of rows that are equal to another, set by set, at most NAMED of them."""
    copied = np.flatnonzero(np.bincount(codes)[codes] > 1)
    return tuple(map(int, copied[np.argsort(codes[copied], kind="stable")][:NAMED]))


def _n_mixed(codes: Integers, y: Integers) -> int:
    """Count the sets of equal rows with more than one class."""
    pairs = np.unique(np.column_stack([codes, y]), axis=0)
    return int((np.bincount(pairs[:, 0]) > 1).sum())


def _way_out(table: Table) -> str:
    if table.times is not None:
        return "Earlier rows recur later: keep the first of equal rows, unless they are different things."
    if table.groups is not None:
        return f"Equal rows have different {table.card.group!r}: merge these groups, or keep one of the rows."
    if table.card.duplicates is Duplicates.APART:
        return f'{CARD} declares equal rows different things. If they are not, set duplicates = "together".'
    return "Too many rows are equal to keep them on one side: the score holds for rows seen before."
