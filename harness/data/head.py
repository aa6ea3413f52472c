"""The head of a text file: opened whatever packs it, its first rows, and the names that its header gives."""

from __future__ import annotations

import bz2
import csv
import gzip
import io
import lzma
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import IO, cast

from harness.data.config import WHITESPACE, Format, TableError

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
        raise TableError(
            f"{path.name}: expected a file to read, got {one_line(error)}. Save the table as CSV."
        ) from None


def read_head(path: Path, encoding: str) -> str:
    """Return the text of the first lines, with plain line ends; a last line that was cut is left out."""
    with open_bytes(path) as file:
        data = file.read(HEAD_BYTES)
    text = data.decode("utf-8-sig" if encoding == "utf-8" else encoding, errors="replace")
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text[: text.rfind("\n") + 1] or text if len(data) == HEAD_BYTES else text


def split_rows(text: str, sep: str) -> list[list[str]]:
    """Return the first HEAD_ROWS rows of stripped cells, blank lines left out."""
    return [row for _, row in _numbered_rows(text, sep)]


def header_names(path: Path, form: Format) -> list[str]:
    """Return what the header calls each column; one that has no name is x1, x2, … by its place.

    Raises
    ------
    TableError
        There is no row, or one of the first has more cells than the header has names.
    """
    rows = _numbered_rows(read_head(path, form.encoding), form.sep)
    if not rows:
        raise TableError(f"{path.name}: expected rows of cells, got an empty file. Put a table there.")
    headers, body = (rows[0][1], rows[1:]) if form.header else ([], rows)
    widths = Counter(len(row) for _, row in body)
    width = max(widths, key=lambda n: (widths[n], n), default=len(headers))
    is_as_r_writes = len(headers) == width - 1 and not widths[len(headers)] and any(row[-1] for _, row in body)
    headers = ["", *headers] if is_as_r_writes else headers  # the column of row names has no name
    wide = next(((line, len(row)) for line, row in body if any(row[len(headers) :])), None)
    if form.header and wide:
        raise too_wide(path, len(headers), *wide)
    names = (" ".join(name.split()) for name in [*headers, *[""] * (width - len(headers))])
    return [name or f"x{place}" for place, name in enumerate(names, 1)]


def distinct(names: Sequence[str]) -> list[str]:
    """Return the names, each once: the second a is a_2."""
    found: list[str] = []
    for name in names:
        copies = (f"{name}_{number}" for number in range(2, 10_000))
        found.append(name if name not in found else next(copy for copy in copies if copy not in found))
    return found


def too_wide(path: Path, n_names: int, line: int, n_cells: int) -> TableError:
    """Return the refusal of a line that has more cells than there are columns."""
    cells = "1 cell" if n_names == 1 else f"{n_names} cells"
    return TableError(
        f"{path.name}: expected {cells} in each line, as in the header, got {n_cells} in line {line}. "
        "Put that line right; if lines stand above the header, delete them; if cells are cut wrongly, say --sep."
    )


def one_line(error: BaseException) -> str:
    """Return what a parser says, short enough for a message."""
    text = " ".join(str(error).split()) or type(error).__name__
    return text.removeprefix("Error tokenizing data. C error: ")[:200]


def _numbered_rows(text: str, sep: str) -> list[tuple[int, list[str]]]:
    """Return the first rows of stripped cells, each with the line that it begins in; blank lines are left out."""
    stripped = ((line, [cell.strip() for cell in row]) for line, row in _parsed(text, sep))
    try:
        return list(islice(((line, row) for line, row in stripped if row not in ([], [""])), HEAD_ROWS))
    except csv.Error:  # a cell of more than 128 kB: the separator or the quoting is another one
        return []


def _parsed(text: str, sep: str) -> Iterator[tuple[int, list[str]]]:
    if sep == WHITESPACE:
        yield from enumerate(map(str.split, text.split("\n")), 1)
        return
    reader, n_read = csv.reader(io.StringIO(text), delimiter=sep, skipinitialspace=True), 0
    for row in reader:
        yield n_read + 1, row
        n_read = reader.line_num


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
