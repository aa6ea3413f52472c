"""Read a file block by block into whole columns of numbers and of category codes.

Only one block is held as text. Converted blocks are kept in a temporary file until a column is read, so a table of a
million rows needs little more memory than its numbers.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from harness.data.config import CARD, ColumnType, Format, TableError
from harness.data.decide import Texts
from harness.data.dtypes import (
    LARGEST,
    is_infinite,
    missing_mask,
    missing_texts,
    plain_numbers,
    to_codes,
    to_numbers,
    too_large,
)
from harness.data.reader import read_blocks

MEMORY_BYTES = 1 << 26  # of a pile before it is moved to disk


class MisfitError(TableError):
    """A cell does not fit the type of its column."""

    def __init__(self, column: str, message: str) -> None:
        super().__init__(message)
        self.column = column


class UndecidedError(Exception):
    """Columns that were taken for plain numbers hold other text."""

    def __init__(self, columns: Iterable[str]) -> None:
        super().__init__()
        self.columns = set(columns)


class Pile:
    """Columns of one dtype, written in blocks of rows and read one whole column at a time."""

    def __init__(self, names: list[str], dtype: type[np.generic]) -> None:
        self.names, self.dtype = {name: place for place, name in enumerate(names)}, np.dtype(dtype)
        self._file = tempfile.SpooledTemporaryFile(max_size=MEMORY_BYTES)  # noqa: SIM115  lives as long as the pile
        self._blocks: list[tuple[int, int]] = []  # (offset in bytes, rows)

    def put(self, columns: list[np.ndarray[Any, Any]]) -> None:
        """Append a block: one array for each name, all of the same length."""
        self._blocks.append((self._file.seek(0, 2), len(columns[0])))
        for column in columns:
            self._file.write(np.ascontiguousarray(column, self.dtype).tobytes())

    def take(self, name: str) -> np.ndarray[Any, Any]:
        """Return one whole column."""
        place, parts = self.names[name], []
        for offset, n_rows in self._blocks:
            n_bytes = n_rows * self.dtype.itemsize
            self._file.seek(offset + place * n_bytes)
            parts.append(np.frombuffer(self._file.read(n_bytes), self.dtype))
        return np.concatenate(parts) if parts else np.empty(0, self.dtype)

    def close(self) -> None:
        """Delete the temporary file."""
        self._file.close()


class Columns:
    """The columns of a file. Use it as a context: it owns temporary files.

    Attributes
    ----------
    n_rows : int
    categories : dict of str to list of str
        The text of each code of a category column; a missing cell has the code -1.
    infinite : Counter of str
        The cells of each column of numbers that no float64 holds; they count as missing.
    """

    def __init__(self, kinds: Mapping[str, ColumnType], form: Format, where: str, *, undecided: bool = False) -> None:
        self.kinds, self.form, self.where, self.n_rows = dict(kinds), form, where, 0
        self.features: list[str] = []  # set by the intake
        self.infinite: Counter[str] = Counter()
        self._undecided = undecided  # the texts of a column are kept, with markers of missing cells, until `settle`
        numeric = [name for name, kind in kinds.items() if kind is not ColumnType.CATEGORY]
        self.numbers = Pile(numeric, np.float64)
        self.codes = Pile([name for name, kind in kinds.items() if kind is ColumnType.CATEGORY], np.int32)
        self._known: dict[str, dict[str, int]] = {name: {} for name in self.codes.names}

    def __enter__(self) -> Columns:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Delete the temporary files."""
        self.numbers.close()
        self.codes.close()

    @property
    def categories(self) -> dict[str, list[str]]:
        """The text of each code of each category column."""
        missing = missing_texts(self.form)
        return {name: [text for text in known if text not in missing] for name, known in self._known.items()}

    def take(self, name: str) -> np.ndarray[Any, Any]:
        """Return a column: float64 with NaN for a missing cell, or int32 codes with -1."""
        if name in self.numbers.names:
            return self.numbers.take(name)
        codes = self.codes.take(name)
        if not self._undecided:
            return codes
        texts = pd.Series(list(self._known[name]), name=name, dtype=object)
        if self.kinds[name] is ColumnType.CATEGORY:
            is_there = ~texts.isin(missing_texts(self.form)).to_numpy(np.bool_)
            places = np.where(is_there, np.cumsum(is_there) - 1, -1).astype(np.int32)
            return np.asarray(np.append(places, np.int32(-1))[codes])
        numbers, _ = to_numbers(texts, self.kinds[name], self.form)
        return np.asarray(np.append(numbers, np.nan)[codes])

    def texts(self, name: str) -> Texts:
        """Return the different texts of a column, with the markers of missing cells if it is undecided."""
        codes, texts = self.codes.take(name), list(self._known[name])
        counts = np.bincount(codes[codes >= 0], minlength=len(texts))
        found, first = np.unique(codes, return_index=True)
        return Texts(name, texts, counts, first[found >= 0].astype(np.int64))

    def markers(self, name: str) -> dict[str, tuple[int, int]]:
        """Return the texts of an undecided column that count as missing, each with its cells and its first row."""
        found, kind = self.texts(name), self.kinds[name]
        texts = pd.Series(list(found.texts), dtype=object)
        is_missing = texts.isin(missing_texts(self.form)).to_numpy(np.bool_)
        if kind is not ColumnType.CATEGORY:
            is_missing = missing_mask(found.texts, self.form)
        return {
            found.texts[place]: (int(found.counts[place]), int(found.rows[place]))
            for place in map(int, np.flatnonzero(is_missing))
        }

    def settle(self, kinds: Mapping[str, ColumnType], form: Format) -> None:
        """Set the types of undecided columns; raises TableError for a number that is too large."""
        self.kinds.update(kinds)
        self.form = form
        for name, kind in kinds.items():
            if kind is not ColumnType.NUMBER or name not in self._known:
                continue
            texts = self.texts(name)
            numbers, _ = to_numbers(pd.Series(texts.texts, name=name, dtype=object), kind, form)
            if (huge := too_large(numbers)).any():
                place = int(huge.argmax())
                raise _huge(self.where, name, int(texts.rows[place]), texts.texts[place])
            lost = np.array([is_infinite(text) for text in texts.texts], np.bool_)
            self.infinite[name] += int(texts.counts[lost].sum())

    def put(self, block: pd.DataFrame) -> None:
        """Append a block of rows; raises MisfitError for the first cell that does not fit the type of its column."""
        numbers, misfits = [], []
        for name in self.numbers.names:
            try:
                numbers.append(self._read(block[name]))
            except MisfitError as misfit:
                if not self._undecided:
                    raise
                misfits.append(misfit.column)
        if misfits:
            raise UndecidedError(misfits)
        codes = [to_codes(block[name], self._known[name], self.form, keep=self._undecided) for name in self.codes.names]
        if numbers:
            self.numbers.put(numbers)
        if codes:
            self.codes.put(codes)
        self.n_rows += len(block)

    def _read(self, cells: pd.Series[Any]) -> np.ndarray[Any, Any]:
        name = str(cells.name)
        kind = self.kinds[name]
        is_text = kind is ColumnType.NUMBER and not pd.api.types.is_numeric_dtype(cells.dtype)
        read = plain_numbers if self._undecided and is_text else to_numbers
        numbers, wrong = read(cells, kind, self.form)
        if wrong.any():
            place = int(wrong.argmax())
            raise MisfitError(
                name,
                f"{self.where}: column {name!r}, row {self.n_rows + place + 1}: {cells.iloc[place]!r:.40} is no "
                f'{self.kinds[name]}. Make the column a "category" in {CARD}, or use --na if the cell means missing.',
            )
        if (huge := too_large(numbers)).any():
            place = int(huge.argmax())
            raise _huge(self.where, name, self.n_rows + place, cells.iloc[place])
        if cells.dtype == np.float64:
            self.infinite[name] += int(np.isinf(cells.to_numpy()).sum())
        return numbers


def _huge(where: str, name: str, row: int, cell: object) -> TableError:
    shown = f"{cell!s:.40}"
    return TableError(
        f"{where}: column {name!r}, row {row + 1}: {shown} exceeds {LARGEST:g}. "
        f"If it means missing, use --na={shown}; otherwise change the unit or --drop the column."
    )


def gather(
    path: Path, form: Format, kinds: Mapping[str, ColumnType], where: str, *, undecided: bool = False
) -> Columns:
    """Read the columns of `kinds`; `where` begins the message of an error.

    With `undecided`, all columns but numbers keep their texts, so that their types can be decided.

    Raises
    ------
    MisfitError
        A cell does not fit the type of its column.
    TableError
        The file cannot be read, or a number is too large for any model.
    """
    columns = Columns(kinds, form, where, undecided=undecided)
    numbers = [name for name, kind in kinds.items() if kind is ColumnType.NUMBER]
    try:
        for block in read_blocks(path, form, columns=list(kinds), numbers=numbers):
            columns.put(block)
    except BaseException:
        columns.close()
        raise
    return columns
