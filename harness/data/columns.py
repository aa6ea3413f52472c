"""Read a file block by block into whole columns of numbers and of category codes.

Only one block is held as text. Converted blocks are kept in a temporary file until a column is read, so a table of a
million rows needs little more memory than its numbers.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from harness.data.config import CARD, ColumnType, Format, TableError
from harness.data.dtypes import LARGEST, to_codes, to_numbers, too_large
from harness.data.reader import read_blocks

MEMORY_BYTES = 1 << 26  # of a pile before it is moved to disk


class MisfitError(TableError):
    """A cell does not fit the type of its column."""

    def __init__(self, column: str, message: str) -> None:
        super().__init__(message)
        self.column = column


class Pile:
    """Columns of one dtype, written in blocks of rows and read one whole column at a time."""

    def __init__(self, names: list[str], dtype: type[np.generic]) -> None:
        self.names, self.dtype = names, np.dtype(dtype)
        self._file = tempfile.SpooledTemporaryFile(max_size=MEMORY_BYTES)  # noqa: SIM115  lives as long as the pile
        self._blocks: list[tuple[int, int]] = []  # (offset in bytes, rows)

    def put(self, columns: list[np.ndarray[Any, Any]]) -> None:
        """Append a block: one array for each name, all of the same length."""
        self._blocks.append((self._file.seek(0, 2), len(columns[0])))
        for column in columns:
            self._file.write(np.ascontiguousarray(column, self.dtype).tobytes())

    def take(self, name: str) -> np.ndarray[Any, Any]:
        """Return one whole column."""
        place, parts = self.names.index(name), []
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
    """

    def __init__(self, kinds: Mapping[str, ColumnType], form: Format) -> None:
        self.kinds, self.form, self.n_rows = dict(kinds), form, 0
        self.numbers = Pile([name for name, kind in kinds.items() if kind is not ColumnType.CATEGORY], np.float64)
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
        return {name: list(known) for name, known in self._known.items()}

    def take(self, name: str) -> np.ndarray[Any, Any]:
        """Return a column: float64 with NaN for a missing cell, or int32 codes with -1."""
        return (self.codes if self.kinds[name] is ColumnType.CATEGORY else self.numbers).take(name)

    def put(self, block: pd.DataFrame, where: str) -> None:
        """Append a block of rows; raises MisfitError for the first cell that does not fit the type of its column."""
        numbers = [self._read(block[name], where) for name in self.numbers.names]
        codes = [to_codes(block[name], self._known[name], self.form) for name in self.codes.names]
        if numbers:
            self.numbers.put(numbers)
        if codes:
            self.codes.put(codes)
        self.n_rows += len(block)

    def _read(self, cells: pd.Series[Any], where: str) -> np.ndarray[Any, Any]:
        name = str(cells.name)
        numbers, wrong = to_numbers(cells, self.kinds[name], self.form)
        if wrong.any():
            place = int(wrong.argmax())
            raise MisfitError(
                name,
                f"{where}: column {name!r}, row {self.n_rows + place + 1}: {cells.iloc[place]!r:.40} is no "
                f'{self.kinds[name]}. Make the column a "category" in {CARD}, or use --na if the cell means missing.',
            )
        if (huge := too_large(numbers)).any():
            place = int(huge.argmax())
            cell = f"{cells.iloc[place]!s:.40}"
            raise TableError(
                f"{where}: column {name!r}, row {self.n_rows + place + 1}: {cell} exceeds {LARGEST:g}. "
                f"If it means missing, use --na={cell}; otherwise change the unit or --drop the column."
            )
        return numbers


def gather(path: Path, form: Format, kinds: Mapping[str, ColumnType], where: str) -> Columns:
    """Read the columns of `kinds`; `where` begins the message of an error.

    Raises
    ------
    MisfitError
        A cell does not fit the type of its column.
    TableError
        The file cannot be read, or a number is too large for any model.
    """
    columns = Columns(kinds, form)
    numbers = [name for name, kind in kinds.items() if kind is ColumnType.NUMBER]
    try:
        for block in read_blocks(path, form, columns=list(kinds), numbers=numbers):
            columns.put(block, where)
    except BaseException:
        columns.close()
        raise
    return columns
