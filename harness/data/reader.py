"""Read a table file in blocks of rows, with pandas' C parser or pyarrow: plain numbers as float64, the rest as text."""

from __future__ import annotations

import csv
import re
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from harness.data.config import Format, TableError
from harness.data.head import distinct, explain, header_names, open_bytes, too_wide

# The missing-value markers of pandas, and the question mark of the UCI archive.
MISSING = (
    "", "?", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN", "<NA>", "N/A", "NA",
    "NULL", "NaN", "None", "n/a", "nan", "null",
)  # fmt: skip
BLOCK_CELLS = 2_000_000  # cells in a block; as text they take about 150 MB
TOO_WIDE = re.compile(r"Expected (\d+) fields in line (\d+), saw (\d+)")  # the message of pandas' parser


def column_names(path: Path, form: Format) -> list[str]:
    """Return a distinct name for each column; an unnamed one is x1, x2, … by its position."""
    if is_parquet(path):
        with _open_parquet(path) as file:
            return list(file.schema_arrow.names)
    return distinct(header_names(path, form))


def renamed_columns(path: Path, form: Format) -> dict[str, str]:
    """Return the new name of each column that repeats the name of an earlier one, with that name."""
    headers = [] if is_parquet(path) else header_names(path, form)
    return {name: plain for name, plain in zip(distinct(headers), headers, strict=True) if name != plain}


def read_blocks(
    path: Path,
    form: Format,
    *,
    columns: Sequence[str] | None = None,
    numbers: Sequence[str] = (),
    n_rows: int = 0,
    empty: bool = False,
) -> Iterator[pd.DataFrame]:
    """Yield the table in blocks of rows.

    Parameters
    ----------
    columns : sequence of str, optional
        Those to read; all by default.
    numbers : sequence of str
        Columns to read as float64 where the file writes numbers plainly. From the first block with a cell that is no
        plain number, all columns are text.
    n_rows : int
        Rows in a block; by default as many as make BLOCK_CELLS cells.
    empty : bool
        Whether to yield the rows of a text file without one filled cell.
    empty : bool
        Whether to yield the rows of a text file without one filled cell.

    Raises
    ------
    TableError
        The file cannot be read as a table of this format.
    """
    if is_parquet(path):
        yield from _parquet_blocks(path, columns)
        return
    names = column_names(path, form)
    chosen = set(names if columns is None else columns)
    wanted = [name for name in names if name in chosen]
    n_rows = n_rows or max(1000, BLOCK_CELLS // len(names))
    numbers = plain_columns(form, numbers)
    n_done = 0
    try:
        for block in _text_blocks(path, form, names, numbers, n_rows):
            n_done += 1
            yield (block if empty else _filled(block))[wanted]
    except _NotANumberError:
        for block in islice(_text_blocks(path, form, names, (), n_rows), n_done, None):
            yield (block if empty else _filled(block))[wanted]


def plain_columns(form: Format, names: Sequence[str]) -> list[str]:
    """Return the columns of numbers that the parser can read itself: without other marks, units or thousands."""
    if form.decimal != "." or form.thousands:
        return []
    return [name for name in names if name not in form.notation and name not in form.units]


def is_parquet(path: Path) -> bool:
    """Whether the file begins with the magic bytes of Parquet, whatever its name."""
    try:
        with path.open("rb") as file:
            return file.read(4) == b"PAR1"
    except OSError:
        return False


class _NotANumberError(Exception):
    """A column that was requested as float64 holds other text."""


def _text_blocks(
    path: Path, form: Format, names: Sequence[str], numbers: Sequence[str], n_rows: int
) -> Iterator[pd.DataFrame]:
    with open_bytes(path) as file:
        try:
            with pd.read_csv(
                file,
                sep=form.sep,
                header=0 if form.header else None,
                names=list(names),
                index_col=False,  # not usecols: it hides rows with too many cells
                dtype=dict.fromkeys(names, "str") | dict.fromkeys(numbers, "float64"),
                na_values={name: [*MISSING, *form.na] for name in numbers},  # text keeps its markers, to be counted
                keep_default_na=False,
                skipinitialspace=True,
                encoding=form.encoding,
                skiprows=form.skip,
                quoting=csv.QUOTE_MINIMAL if form.quotes else csv.QUOTE_NONE,
                chunksize=n_rows,
                low_memory=False,
            ) as blocks:
                while (block := _next(blocks)) is not None:
                    yield block
        except pd.errors.EmptyDataError:
            return
        except pd.errors.ParserWarning:  # pandas would truncate the row
            raise _no_table(path, "the first row has more cells than the others") from None
        except (ValueError, OverflowError) as error:
            if numbers and not isinstance(error, (pd.errors.ParserError, UnicodeError)):
                raise _NotANumberError from None
            found = TOO_WIDE.search(str(error))
            raise (too_wide(path, *map(int, found.groups())) if found else _no_table(path, explain(error))) from None


def _next(blocks: Iterator[pd.DataFrame]) -> pd.DataFrame | None:
    with warnings.catch_warnings():
        warnings.simplefilter("error", pd.errors.ParserWarning)
        return next(blocks, None)


def _filled(block: pd.DataFrame) -> pd.DataFrame:
    """Return the rows with a filled cell."""
    is_empty = np.ones(len(block), np.bool_)
    for name in block.columns:
        is_empty &= (block[name].isna() | (block[name] == "")).to_numpy(np.bool_)
        if not is_empty.any():
            return block
    return block[~is_empty]


def _parquet_blocks(path: Path, columns: Sequence[str] | None) -> Iterator[pd.DataFrame]:
    from pyarrow.types import is_nested

    with _open_parquet(path) as file:
        for field in file.schema_arrow:
            if is_nested(field.type) and (columns is None or field.name in columns):
                raise TableError(
                    f"{path.name}: column {field.name!r} holds lists or records ({field.type!s:.60}). "
                    f"Leave it out with --drop {field.name!r}, or write its parts as columns of their own."
                )
        n_rows = max(1000, BLOCK_CELLS // max(1, len(file.schema_arrow.names)))
        for batch in file.iter_batches(n_rows, columns=None if columns is None else list(columns)):
            yield batch.to_pandas(integer_object_nulls=True)  # as floats, large numbers would be merged


@contextmanager
def _open_parquet(path: Path) -> Iterator[Any]:
    try:
        from pyarrow import ArrowException
        from pyarrow.parquet import ParquetFile
    except ImportError:
        raise TableError(
            f"{path.name}: reading Parquet needs pyarrow, which is not installed. "
            "Run: uv run --with pyarrow prepare.py --csv …"
        ) from None
    try:
        with ParquetFile(path) as file:
            yield file
    except (ArrowException, OSError, ValueError) as error:
        raise TableError(f"{path.name}: the Parquet file cannot be read ({explain(error)}). Write it again.") from None


def _no_table(path: Path, got: str) -> TableError:
    way_out = "Correct the file, or describe its format with --sep and --header."
    return TableError(f"{path.name}: the file cannot be read as a table ({got}). {way_out}")
