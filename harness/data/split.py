"""Split the rows into train and test part, and the train part into folds.

Covered: rows of a group and duplicate rows stay on one side, the future is never used to predict the past, and every
class is on every side. Not covered: groups that no column names, and near-duplicates; the audit looks for those.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterable
from functools import lru_cache
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold, train_test_split

from harness.data.config import ColumnType, Duplicates, TableError
from harness.data.table import Floats, Integers, Table

Fold = tuple[Integers, Integers]

MAX_BALANCED = 500  # groups; with more, StratifiedGroupKFold is slow and random folds are balanced enough
KEY_NAME = re.compile(r"(^|[_\W])(id|uuid|key|code|number|no|nr)$|(?-i:[a-z]I[dD]$)", re.I)
FEW_COPIES = 0.01  # of the rows; fewer equal ones are no reason to change the split
NUMBER_SHARE = 0.98  # as KEY_SHARE, for whole numbers that are not named like a key: amounts differ often, too
BEYOND_CHANCE = 10  # times as many equal rows as chance explains are copies
MIN_KEYS, KEY_SHARE = 50, 0.9  # rows with a cell, and share of different ones, of a column that may hide copies
MIN_ENTITIES = 10  # distinct rows of each class that are needed to keep duplicates together


def train_test(table: Table, *, test_size: float, seed: int) -> Fold:
    """Return the positions of the train rows and of the test rows.

    Raises
    ------
    TableError
        A class is too rare to be on both sides.
    """
    rows, together = np.arange(len(table.y), dtype=np.int64), rows_together(table)

    def cut() -> list[Fold]:
        if table.times is not None:
            return [_past_future(table.times, rows, 1 - test_size)]
        if together is not None:
            return _together_folds(table.y, together, max(2, round(1 / test_size)), seed)[:1]
        return [tuple(train_test_split(rows, test_size=test_size, stratify=table.y, random_state=seed, shuffle=True))]

    return _split(table, cut)[0]


def folds(table: Table, rows: Integers, *, n_folds: int, seed: int, partition: int = 0) -> list[Fold]:
    """Split `rows` into folds and return (fit, val) positions into the table.

    Parameters
    ----------
    rows : int64 array
        Positions into the table; with a stratified split their order matters, as in scikit-learn.
    partition : int
        0 splits with `seed`; any other number gives a fresh partition.

    Raises
    ------
    TableError
        A class is too rare to be in every fold.
    """
    state = int(np.random.SeedSequence([seed, partition]).generate_state(1)[0]) if partition else seed
    y, together = table.y[rows], rows_together(table)

    if table.times is not None:
        _check_moments(table, rows, n_folds)

    def cut() -> list[Fold]:
        if table.times is not None:
            return _time_folds(table.times, rows, n_folds, np.random.default_rng(state) if partition else None)
        if together is not None:
            found = _together_folds(y, together[rows], n_folds, state)
        else:
            found = list(StratifiedKFold(n_folds, shuffle=True, random_state=state).split(rows, y))
        return [(rows[fit], rows[val]) for fit, val in found]

    return _split(table, cut)


def describe_split(table: Table, *, test_size: float, n_folds: int) -> str:
    """Describe the split in one line."""
    if table.times is not None:
        return f"by {table.card.time}: fit on earlier rows, test on the last {test_size:.0%}; {n_folds} folds by time"
    sizes = f"stratified, {test_size:.0%} test, {n_folds} folds"
    if table.groups is not None:
        return f"by {table.card.group}: {len(np.unique(table.groups))} groups, each on one side; {sizes}"
    if (together := rows_together(table)) is not None:
        return (
            f"{sizes}; {len(together) - len(np.unique(together))} duplicate rows stay on one side with their original"
        )
    return sizes


@lru_cache(maxsize=2)
def rows_together(table: Table) -> Integers | None:
    """Return a group number for each row, or None if every row may be split independently.

    Duplicate rows are split independently if a class has fewer than MIN_ENTITIES distinct rows, or if one row makes up
    a tenth of the table: folds of whole sets of duplicates would then be too uneven.
    """
    if table.groups is not None:
        return table.groups
    if table.card.duplicates is Duplicates.APART:
        return None
    codes = equal_rows(telling_columns(table))
    sizes = np.bincount(codes, minlength=1)
    if sizes.max() < 2 or sizes.max() > len(codes) / 10:
        return None
    per_class = [len(np.unique(codes[table.y == place])) for place in range(len(table.classes))]
    return codes if min(per_class) >= MIN_ENTITIES else None


def telling_columns(table: Table) -> list[np.ndarray[Any, Any]]:
    """Return the columns in which copies of a row agree: all but those that hide copies."""
    hiding = hiding_columns(table)
    return [column for name, column in _columns(table) if name not in hiding]


def hiding_columns(table: Table) -> list[str]:
    """Return the identifiers and times without which many rows are equal.

    Such a column differs in nearly every row, and is text, a date or whole numbers. Without it, far more rows have to
    be equal than chance explains, if the columns were independent.
    """
    columns = _columns(table)
    keys = [name for name, column in columns if _is_key(name, column, table.card.kinds[name])]
    rest = [column for name, column in columns if name not in keys]
    if not keys or not rest:
        return []
    n_rows = len(table.y)
    n_copies = n_rows - len(np.unique(equal_rows(rest)))
    by_chance = n_rows * (n_rows - 1) / 2 * float(np.prod([_agreement(column) for column in rest]))
    return keys if n_copies > max(BEYOND_CHANCE * by_chance, FEW_COPIES * n_rows) else []


def _columns(table: Table) -> list[tuple[str, np.ndarray[Any, Any]]]:
    """Return the name and the cells of each feature, numbers first."""
    features = table.features
    numeric = [name for name in features.names if name not in features.categories]
    return [*zip(numeric, features.numbers, strict=True), *zip(features.categories, features.codes, strict=True)]


def _is_key(name: str, column: np.ndarray[Any, Any], kind: ColumnType) -> bool:
    """Whether a column differs in nearly every row, and no measurement is expected to."""
    share = KEY_SHARE if kind is not ColumnType.NUMBER or KEY_NAME.search(name) else NUMBER_SHARE
    cells = column[~np.isnan(column)] if column.dtype == np.float64 else column[column >= 0]
    if len(cells) < MIN_KEYS or len(np.unique(cells)) < share * len(cells):
        return False
    return kind is not ColumnType.NUMBER or bool((cells == np.floor(cells)).all())


def _agreement(column: np.ndarray[Any, Any]) -> float:
    """Return the probability that two random rows are equal in a column."""
    counts = np.unique(column, return_counts=True)[1]
    return float(((counts / len(column)) ** 2).sum())


def equal_rows(columns: Iterable[np.ndarray[Any, Any]]) -> Integers:
    """Number the rows from 0 in order of appearance; rows that are equal in every column share a number."""
    keys: np.ndarray[Any, np.dtype[np.uint64]] = np.zeros((), np.uint64)
    for column in columns:
        cells = column + 0.0 if column.dtype == np.float64 else column  # -0.0 is 0.0
        keys = keys * np.uint64(0x9E3779B97F4A7C15) + pd.util.hash_array(cells)
    return pd.factorize(keys)[0].astype(np.int64)


def _together_folds(y: Integers, together: Integers, n_folds: int, seed: int) -> list[Fold]:
    """Split groups into folds: balanced by class and size, or, if many, stratified by the class of their first row."""
    entities, first, place = np.unique(together, return_index=True, return_inverse=True)
    if len(entities) <= MAX_BALANCED:
        return list(StratifiedGroupKFold(n_folds, shuffle=True, random_state=seed).split(y, y, together))
    splitter = StratifiedKFold(n_folds, shuffle=True, random_state=seed)
    is_val = np.zeros(len(entities), np.bool_)
    found = []
    for _, val in splitter.split(entities, y[first]):
        is_val[:] = False
        is_val[val] = True
        found.append((np.flatnonzero(~is_val[place]), np.flatnonzero(is_val[place])))
    return found


def _past_future(times: Floats, rows: Integers, share: float) -> Fold:
    """Split the rows in two by time; rows of the same moment stay on one side."""
    ordered = rows[np.argsort(times[rows], kind="stable")]
    cut = _moment(times[ordered], share * len(ordered))
    return ordered[:cut], ordered[cut:]


def _time_folds(times: Floats, rows: Integers, n_folds: int, rng: np.random.Generator | None) -> list[Fold]:
    """Return folds that fit on all rows before their period; `rng` moves the boundaries of the periods."""
    ordered = rows[np.argsort(times[rows], kind="stable")]
    first = 1.0 if rng is None else rng.uniform(0.5, 1.0)  # length of the period that no fold scores, in periods
    bounds = (np.arange(n_folds + 1) + first) / (n_folds + first) * len(ordered)
    cuts = [_moment(times[ordered], bound) for bound in bounds[:-1]] + [len(ordered)]
    return [(ordered[:begin], ordered[begin:end]) for begin, end in pairwise(cuts)]


def _check_moments(table: Table, rows: Integers, n_folds: int) -> None:
    """Raise TableError if folds and test part cannot each begin with a moment of their own."""
    assert table.times is not None
    if len(np.unique(table.times[rows])) > n_folds:
        return
    n_moments = len(np.unique(table.times))
    fix = (
        f"Leave out time for a stratified split{', or use a column of finer times' if n_moments < n_folds + 2 else ''}."
    )
    needed = f"{n_folds + 2} are needed" if n_moments < n_folds + 2 else "but too few of them are in the train part"
    raise TableError(f"{table.card.name}: {table.card.time!r} has {n_moments} different values, {needed}. {fix}")


def _moment(ordered: Floats, near: float) -> int:
    """Return the position nearest to `near` where a new moment begins; 0 if there is only one moment."""
    begins = np.flatnonzero(np.diff(ordered) > 0) + 1
    return int(begins[np.abs(begins - near).argmin()]) if len(begins) else 0


def _split(table: Table, cut: Callable[[], list[Fold]]) -> list[Fold]:
    """Split, and raise TableError if a side lacks one of the classes."""
    rare = int(np.bincount(table.y).argmin())
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "The least populated class", UserWarning)
            parts = cut()
    except ValueError:  # scikit-learn: fewer rows or groups than folds
        raise _too_rare(table, rare) from None
    for part in (part for fold in parts for part in fold):
        absent = np.flatnonzero(np.bincount(table.y[part], minlength=len(table.classes)) == 0)
        if len(absent):
            raise _too_rare(table, int(absent[0]))
    return parts


def _too_rare(table: Table, place: int) -> TableError:
    n_rows, name = int((table.y == place).sum()), table.classes[place]
    rows = "1 row" if n_rows == 1 else f"{n_rows} rows"
    if table.times is not None:
        way_out = "Remove time for a stratified split, or use a longer period."
    elif table.groups is not None:
        n_groups = len(np.unique(table.groups[table.y == place]))
        return TableError(
            f"{table.card.name}: class {name!r} has {rows} of {n_groups} {table.card.group!r}, "
            "too few for every fold. Remove group, or add more of them."
        )
    else:
        way_out = "Merge it with another class, or remove its rows."
    return TableError(f"{table.card.name}: class {name!r} has {rows}, too few for every fold. {way_out}")
