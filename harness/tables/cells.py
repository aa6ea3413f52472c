"""Read the cells of a table file in blocks of rows: text as it was written, plain numbers as float64.

A well-kept parser does the reading (pandas' C parser, pyarrow for Parquet); what it cannot read becomes one line.
"""

from __future__ import annotations

import bz2
import csv
import gzip
import io
import lzma
import warnings
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import IO, Any, cast

import pandas as pd

from harness.tables.card import WHITESPACE, Format, TableError

# What pandas takes for a missing cell, and the question mark of the older archives.
MISSING = (
    "", "?", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN", "<NA>", "N/A", "NA",
    "NULL", "NaN", "None", "n/a", "nan", "null",
)  # fmt: skip
BLOCK_CELLS = 2_000_000  # cells held as text at a time: about 150 MB
HEAD_BYTES, HEAD_ROWS = 1 << 18, 200  # of text, to see how a file is written
UNREADABLE = (OSError, EOFError, zlib.error, lzma.LZMAError, zipfile.BadZipFile, NotImplementedError)


@contextmanager
def open_bytes(path: Path) -> Iterator[IO[bytes]]:
    """Open a file for reading, uncompressed: gzip, bzip2, xz, and zip with one member; raises TableError."""
    try:
        with path.open("rb") as file:
            magic = file.read(6)
            file.seek(0)
            yield _uncompressed(file, magic)
    except UNREADABLE as error:
        raise TableError(f"{path.name}: expected a file to read, got {_line(error)}. Save the table as CSV.") from None


def read_head(path: Path, encoding: str) -> str:
    """Return the text of the first lines, with plain line ends; a last line that was cut is left out."""
    with open_bytes(path) as file:
        data = file.read(HEAD_BYTES)
    text = data.decode("utf-8-sig" if encoding == "utf-8" else encoding, errors="replace")
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text[: text.rfind("\n") + 1] or text if len(data) == HEAD_BYTES else text


def split_rows(text: str, sep: str) -> list[list[str]]:
    """Return the first HEAD_ROWS rows of stripped cells, blank lines left out."""
    reader: Iterable[list[str]] = map(str.split, text.split("\n"))
    if sep != WHITESPACE:
        reader = csv.reader(io.StringIO(text), delimiter=sep, skipinitialspace=True)
    stripped = ([cell.strip() for cell in row] for row in reader)
    try:
        return list(islice((row for row in stripped if row not in ([], [""])), HEAD_ROWS))
    except csv.Error:  # a cell of more than 128 kB: the separator or the quoting is another one
        return []


def column_names(path: Path, form: Format) -> list[str]:
    """Return a distinct name for each column; one that has none is called x1, x2, … by its place."""
    if is_parquet(path):
        with _open_parquet(path) as file:
            return list(file.schema_arrow.names)
    rows = split_rows(read_head(path, form.encoding), form.sep)
    if not rows:
        raise TableError(f"{path.name}: expected rows of cells, got an empty file. Put a table there.")
    told = rows[0] if form.header else []
    widths = Counter(len(row) for row in (rows[1:] if form.header else rows))
    width = max(widths, key=lambda n: (widths[n], n), default=len(told))
    if len(told) == width - 1 and any(row[-1] for row in rows[1:] if len(row) == width):
        told = ["", *told]  # as R writes it: the column of row names has no name
    names: list[str] = []
    for place in range(max(width, len(told))):
        name = " ".join(told[place].split()) if place < len(told) else ""
        name = name or f"x{place + 1}"
        copies = (f"{name}_{number}" for number in range(2, 10_000))
        names.append(name if name not in names else next(copy for copy in copies if copy not in names))
    return names


def read_blocks(
    path: Path, form: Format, *, columns: Sequence[str] | None = None, numbers: Sequence[str] = (), n_rows: int = 0
) -> Iterator[pd.DataFrame]:
    """Yield the table in blocks of rows.

    Parameters
    ----------
    columns : sequence of str, optional
        Those to read; all by default.
    numbers : sequence of str
        Columns to read as float64. Where a cell is no plain number, all columns come as text from that block on.
    n_rows : int
        Rows in a block; by default as many as make BLOCK_CELLS cells.

    Raises
    ------
    TableError
        The file cannot be read as a table of this format.
    """
    if is_parquet(path):
        yield from _parquet_blocks(path, columns)
        return
    names = column_names(path, form)
    wanted = [name for name in names if columns is None or name in columns]
    n_rows = n_rows or max(1000, BLOCK_CELLS // len(names))
    n_done = 0
    try:
        for block in _text_blocks(path, form, names, numbers, n_rows):
            n_done += 1
            yield block[wanted]
    except _NotANumberError:
        for block in islice(_text_blocks(path, form, names, (), n_rows), n_done, None):
            yield block[wanted]


def is_parquet(path: Path) -> bool:
    """Whether the file opens as Parquet does, whatever its name."""
    try:
        with path.open("rb") as file:
            return file.read(4) == b"PAR1"
    except OSError:
        return False


class _NotANumberError(Exception):
    """A column that was asked for as float64 holds other text."""


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
                index_col=False,  # no usecols: with it the parser overlooks rows that are too long
                dtype={name: "float64" if name in numbers else "str" for name in names},
                na_values=[*MISSING, *form.na],
                keep_default_na=False,
                skipinitialspace=True,
                encoding=form.encoding,
                decimal=form.decimal,
                chunksize=n_rows,
                low_memory=False,
            ) as blocks:
                while (block := _next(blocks)) is not None:
                    yield block
        except pd.errors.EmptyDataError:
            return
        except pd.errors.ParserWarning:  # it would cut the row and go on
            raise _no_table(path, "more cells in the first row than in the others") from None
        except (ValueError, OverflowError) as error:
            if numbers and not isinstance(error, (pd.errors.ParserError, UnicodeError)):
                raise _NotANumberError from None
            raise _no_table(path, _line(error)) from None


def _next(blocks: Iterator[pd.DataFrame]) -> pd.DataFrame | None:
    with warnings.catch_warnings():
        warnings.simplefilter("error", pd.errors.ParserWarning)
        return next(blocks, None)


def _parquet_blocks(path: Path, columns: Sequence[str] | None) -> Iterator[pd.DataFrame]:
    with _open_parquet(path) as file:
        n_rows = max(1000, BLOCK_CELLS // max(1, len(file.schema_arrow.names)))
        for batch in file.iter_batches(n_rows, columns=None if columns is None else list(columns)):
            yield batch.to_pandas()


@contextmanager
def _open_parquet(path: Path) -> Iterator[Any]:
    try:
        from pyarrow import ArrowException
        from pyarrow.parquet import ParquetFile
    except ImportError:
        raise TableError(
            f"{path.name}: expected pyarrow to read Parquet with, it is not installed. "
            "Run the same with it: uv run --with pyarrow prepare.py --csv …"
        ) from None
    try:
        with ParquetFile(path) as file:
            yield file
    except (ArrowException, OSError, ValueError) as error:
        raise TableError(f"{path.name}: expected a Parquet file, got {_line(error)}. Write it again.") from None


def _uncompressed(file: IO[bytes], magic: bytes) -> IO[bytes]:
    if magic.startswith(b"\x1f\x8b"):
        return cast(IO[bytes], gzip.open(file))
    if magic.startswith(b"BZh"):
        return bz2.open(file)
    if magic.startswith(b"\xfd7zXZ"):
        return lzma.open(file)
    if not magic.startswith(b"PK\x03\x04"):
        return file
    archive = zipfile.ZipFile(file)
    if len(archive.namelist()) != 1:
        raise OSError(f"an archive of {len(archive.namelist())} files, or a spreadsheet, which is one")
    return archive.open(archive.namelist()[0])


def _no_table(path: Path, got: str) -> TableError:
    way_out = "Put it right, or say how it is written with --sep and --header."
    return TableError(f"{path.name}: expected a table, got {got}. {way_out}")


def _line(error: BaseException) -> str:
    text = " ".join(str(error).split()) or type(error).__name__
    return text.removeprefix("Error tokenizing data. C error: ")[:200]
