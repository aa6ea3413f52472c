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

from harness.data.config import Card

Integers = np.ndarray[Any, np.dtype[np.int64]]
Floats = np.ndarray[Any, np.dtype[np.float64]]
Codes = np.ndarray[Any, np.dtype[np.int32]]
TEXT = pd.Series(["text"]).dtype  # str from pandas 3 on, object before


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


def look_up(texts: Sequence[str], codes: np.ndarray[Any, Any], dtype: Any = TEXT) -> pd.Series[Any]:
    """Return the text of each code, shape (n_rows,); the code -1, a missing cell, becomes NaN."""
    found: pd.Series[Any] = pd.Series([*texts, np.nan], dtype=dtype)
    return found.take(codes).reset_index(drop=True)
