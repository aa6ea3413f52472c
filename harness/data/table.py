"""The table in memory: raw features and class indices; no statistic of any row is used."""

from __future__ import annotations

import hashlib
import json
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from harness.data.columns import Columns
from harness.data.config import CARD, Card, ColumnType, TableError
from harness.text import look_up

Integers = np.ndarray[Any, np.dtype[np.int64]]
Floats = np.ndarray[Any, np.dtype[np.float64]]
Codes = np.ndarray[Any, np.dtype[np.int32]]

MAX_CLASSES = 100  # more are most likely names or amounts
MANY_NUMBERS = 20  # more different numbers in a target are amounts, not classes


@dataclass(frozen=True, slots=True, eq=False)
class Features:
    """The features as two blocks that can be memory-mapped, each of shape (n_columns, n_rows).

    Attributes
    ----------
    numbers : float64 array
        Numbers, booleans as 1 and 0, dates as days since 1970-01-01; NaN for a missing cell.
    codes : int32 array
        Indices into `categories`; -1 for a missing cell.
    """

    names: tuple[str, ...]
    numbers: Floats
    codes: Codes
    categories: Mapping[str, Sequence[str]]

    def frame(self) -> pd.DataFrame:
        """Return X; its numbers are a view of their block."""
        numeric = [name for name in self.names if name not in self.categories]
        X = pd.DataFrame(self.numbers.T, columns=numeric, copy=False)
        codes = dict(zip(self.categories, self.codes, strict=True))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", pd.errors.PerformanceWarning)  # one block per text column is intended
            for place, name in enumerate(self.names):
                if name in codes:
                    X.insert(place, name, look_up(self.categories[name], codes[name]))
        return X


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Class, group and time of each row; see Table."""

    y: Integers
    classes: tuple[str, ...]
    groups: Integers | None = None
    times: Floats | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """A table ready to be split.

    Attributes
    ----------
    X : DataFrame, RangeIndex
        Columns of numbers (float64) and of text, named as in the file; a missing cell is NaN.
    y : int64 array, shape (n_rows,)
        Indices into `classes`; of two classes the positive one is 1.
    groups : int64 array, shape (n_rows,), or None
        Rows with the same number stay on one side of every split.
    times : float64 array, shape (n_rows,), or None
        The time of each row: days since 1970-01-01, or the numbers of the column.
    digest : str
        sha256 of the config and of all of the above, in hexadecimal.
    """

    X: pd.DataFrame
    y: Integers
    classes: tuple[str, ...]
    groups: Integers | None
    times: Floats | None
    card: Card
    features: Features
    digest: str


def cell_kinds(card: Card) -> dict[str, ColumnType]:
    """Return the type of each column of the file, target and group included."""
    return {**card.kinds, card.target: ColumnType.CATEGORY} | ({card.group: ColumnType.CATEGORY} if card.group else {})


def build_table(columns: Columns, card: Card, where: str) -> Table:
    """Build a Table from its columns; `where` begins the message of an error.

    Raises
    ------
    TableError
        A row has no label or no time, or the target is no set of classes.
    """
    y, classes = _classes(columns, card, where)
    numeric = [name for name in card.features if card.kinds[name] is not ColumnType.CATEGORY]
    text = [name for name in card.features if card.kinds[name] is ColumnType.CATEGORY]
    features = Features(
        names=card.features,
        numbers=_stack(columns, numeric, np.float64),
        codes=_stack(columns, text, np.int32),
        categories={name: columns.categories[name] for name in text},
    )
    groups = _groups(columns.take(card.group)) if card.group else None
    times = _times(columns.take(card.time), card.time, where) if card.time else None
    return make_table(card, features, Rows(y, classes, groups, times))


def make_table(card: Card, features: Features, rows: Rows, *, expected: str = "") -> Table:
    """Build a table; raises ValueError if its digest differs from `expected`."""
    content = [asdict(card), features.names, features.categories, rows.classes]
    digest = hashlib.sha256(json.dumps(content, sort_keys=True).encode())
    for array in (features.numbers, features.codes, rows.y, rows.groups, rows.times):
        digest.update(b"" if array is None else np.ascontiguousarray(array).data)
    if expected and digest.hexdigest() != expected:
        raise ValueError("another digest")
    X = features.frame()
    return Table(X, rows.y, rows.classes, rows.groups, rows.times, card, features, digest.hexdigest())


def class_name(text: str) -> str:
    """Return the name of a class: a whole number without decimals, other text unchanged."""
    try:
        number = float(text)
    except ValueError:
        return text
    return str(int(number)) if number.is_integer() and abs(number) < 2**53 else text


def class_order(names: Sequence[str], positive: str) -> tuple[str, ...]:
    """Return the classes sorted as numbers, or else as text; of two, the positive one last."""
    try:
        ordered = sorted(set(names), key=float)
    except ValueError:
        ordered = sorted(set(names))
    return tuple(sorted(ordered, key=lambda name: name == positive) if len(ordered) == 2 else ordered)


def _classes(columns: Columns, card: Card, where: str) -> tuple[Integers, tuple[str, ...]]:
    codes = columns.take(card.target)
    n_missing = int((codes < 0).sum())
    if n_missing:
        raise TableError(
            f"{where}: {n_missing} rows have no label in {card.target!r}, the first is row {(codes < 0).argmax() + 1}. "
            "Remove these rows."
        )
    names = [class_name(text) for text in columns.categories[card.target]]
    classes = class_order(names, card.positive)
    _check_classes(classes, card, where)
    places = np.array([classes.index(name) for name in names], np.int64)
    return places[codes], classes


def _check_classes(classes: Sequence[str], card: Card, where: str) -> None:
    shown, target = ", ".join(name[:20] for name in classes[:5]) + ", …" * (len(classes) > 5), repr(card.target)
    if len(classes) < 2:
        got = f"the single class {shown}" if classes else "no rows"
        raise TableError(f"{where}: target {target} has {got}. Choose another --target.")
    if len(classes) > MANY_NUMBERS and all(_is_numeric(name) for name in classes):
        raise TableError(
            f"{where}: target {target} has {len(classes)} different numbers ({shown}), which are no classes. "
            "Add a column of classes, such as whether the number is above a limit, and --drop this one."
        )
    if len(classes) > MAX_CLASSES:
        raise TableError(
            f"{where}: target {target} has {len(classes)} classes ({shown}), more than {MAX_CLASSES}. "
            "Choose another --target, or merge rare classes."
        )
    if card.positive and len(classes) > 2:
        raise TableError(
            f"{where}: positive is {card.positive!r}, but the target has {len(classes)} classes ({shown}). "
            "Leave it out: more than two classes are scored by their mean one-vs-rest AUC."
        )
    if card.positive and card.positive not in classes:
        raise TableError(
            f"{where}: positive is {card.positive!r}, but the classes are {' and '.join(classes)}. "
            f"Name one of them with --positive, or in {CARD}."
        )


def _is_numeric(name: str) -> bool:
    try:
        float(name)
    except ValueError:
        return False
    return True


def _groups(codes: Codes) -> Integers:
    """Give each row without a group a group of its own."""
    groups = codes.astype(np.int64)
    alone = groups < 0
    groups[alone] = np.arange(alone.sum()) + len(codes)
    return groups


def _times(times: Floats, name: str, where: str) -> Floats:
    missing = np.isnan(times)
    if missing.any():
        raise TableError(
            f"{where}: {missing.sum()} rows have no time in {name!r}, the first is row {missing.argmax() + 1}. "
            "Fill them in, remove these rows, or split without --time."
        )
    return times


def _stack(columns: Columns, names: Sequence[str], dtype: type[np.generic]) -> np.ndarray[Any, Any]:
    """Return the columns as one block, filled column by column to avoid a second copy of all of them."""
    block = np.empty((len(names), columns.n_rows), dtype)
    for row, name in zip(block, names, strict=True):
        row[:] = columns.take(name)
    return block
