"""The table in memory, raw features and class indices without any statistic of rows; and its binary cache.

The table that data/dataset.toml describes is read from its source once, then from the cache; a large one is mapped:

    data/<name>-<stamp>.numbers.npy   float64 (columns, rows)   the number columns of X
    data/<name>-<stamp>.codes.npy     int32 (columns, rows)     the category columns of X, -1 for missing
    data/<name>-<stamp>.rows.npy      (rows,) of class, group, time
    data/<name>-<stamp>.head.npy      JSON, as bytes: categories, classes, digest, code; written last

The stamp is a hash of the config: an edited config has another cache. A cache of another code in harness/data is
written again, since that code may read the source in another way.

Covered: a cache that was changed before it is opened, unless its digest was changed with it. The digest is a part of
the fingerprint, so that such a cache ends a run that has begun.
Not covered: the numbers of a large table that are changed in the file while it is mapped.
"""

from __future__ import annotations

import hashlib
import json
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from harness.data.config import COPY_BYTES, Card, TableError, copy_path
from harness.output import write_atomic

Integers = np.ndarray[Any, np.dtype[np.int64]]
Floats = np.ndarray[Any, np.dtype[np.float64]]
Codes = np.ndarray[Any, np.dtype[np.int32]]
PARTS = ("numbers", "codes", "rows", "head")
ROW = np.dtype([("y", "<i8"), ("group", "<i8"), ("time", "<f8")])
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


def cached_table(root: Path, card: Card) -> Table | None:
    """Return the table from the cache, or None without one, or if the copy of its source has changed.

    Raises
    ------
    TableError
        The cache is damaged.
    """
    return None if _is_changed(root, card) else load(root, card)


def paths(root: Path, card: Card) -> dict[str, Path]:
    """Return the path of each part of the cache, whether it exists or not."""
    stamp = hashlib.sha256(json.dumps(asdict(card), sort_keys=True).encode()).hexdigest()[:12]
    return {part: root / "data" / f"{card.name}-{stamp}.{part}.npy" for part in PARTS}


def load(root: Path, card: Card) -> Table | None:
    """Return the cached table, or None without a cache of this code; raises TableError if it is damaged."""
    files = paths(root, card)
    if not files["head"].exists():
        return None
    try:
        head = json.loads(np.load(files["head"]).tobytes())
        if head.get("code") != _code():
            return None
        numbers, codes, rows = (_array(files[part]) for part in ("numbers", "codes", "rows"))
        features = Features(card.features, np.asarray(numbers), np.asarray(codes), head["categories"])
        groups = np.ascontiguousarray(rows["group"]) if card.group else None
        times = np.ascontiguousarray(rows["time"]) if card.time else None
        labels = Rows(np.ascontiguousarray(rows["y"]), tuple(head["classes"]), groups, times)
        return make_table(card, features, labels, expected=head["digest"])
    except (OSError, EOFError, ValueError, KeyError, TypeError) as error:
        raise _damaged(files, error) from None


def save(root: Path, table: Table) -> None:
    """Write the cache of a table; the head comes last, so an interrupted write leaves no cache."""
    files = paths(root, table.card)
    rows = np.zeros(len(table.y), ROW)
    rows["y"] = table.y
    rows["group"] = 0 if table.groups is None else table.groups
    rows["time"] = 0 if table.times is None else table.times
    head = {"categories": table.features.categories, "classes": table.classes, "digest": table.digest, "code": _code()}
    arrays: dict[str, np.ndarray[Any, Any]] = {
        "numbers": table.features.numbers,
        "codes": table.features.codes,
        "rows": rows,
        "head": np.frombuffer(json.dumps(head).encode(), np.uint8),
    }
    files["head"].parent.mkdir(exist_ok=True)
    for part in PARTS:
        with write_atomic(files[part]) as path, path.open("wb") as file:
            np.save(file, arrays[part])


@cache
def _code() -> str:
    """Return a hash of the code that reads a table."""
    files = sorted(Path(__file__).parent.glob("*.py"))
    return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()


def _array(path: Path) -> np.ndarray[Any, Any]:
    """Map a large array, and read a small one: what is written to its file later changes nothing."""
    array: np.ndarray[Any, Any] = np.load(path, mmap_mode="r" if path.stat().st_size > COPY_BYTES else None)
    array.setflags(write=False)
    return array


def _is_changed(root: Path, card: Card) -> bool:
    """Whether the copy under data/ holds another text than the config says, or is missing and the source itself.

    A large one is not read for this.
    """
    copy = root / copy_path(card.name)
    if not copy.exists():
        return card.source == copy_path(card.name).as_posix()
    if copy.stat().st_size > COPY_BYTES:
        return False
    return hashlib.sha256(copy.read_bytes()).hexdigest() != card.sha256


def _damaged(files: dict[str, Path], reason: Exception) -> TableError:
    where = f"data/{files['head'].name}"
    return TableError(f"{where}: the cache is damaged ({reason}). Delete it; it is rebuilt from the source.")
