"""Open a text file, compressed or not, and read its first rows and the names in its header."""

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

HEAD_BYTES, HEAD_ROWS = 1 << 18, 200  # of text, from which the dialect is inferred
UNREADABLE = (OSError, EOFError, zlib.error, lzma.LZMAError, zipfile.BadZipFile, NotImplementedError)


@contextmanager
def open_bytes(path: Path) -> Iterator[IO[bytes]]:
    """Open a file and decompress it: gzip, bzip2, xz, or zip with one member; raises TableError."""
    try:
        with path.open("rb") as file:
            magic = file.read(6)
            file.seek(0)
            yield _uncompressed(file, magic)
    except UNREADABLE as error:
        raise TableError(f"{path.name}: the file cannot be read ({explain(error)}). Save the table as CSV.") from None


def read_head(path: Path, encoding: str) -> str:
    """Return the text of the first lines, with Unix line ends, without an incomplete last line."""
    with open_bytes(path) as file:
        data = file.read(HEAD_BYTES)
    text = data.decode("utf-8-sig" if encoding == "utf-8" else encoding, errors="replace")
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text[: text.rfind("\n") + 1] or text if len(data) == HEAD_BYTES else text


def split_rows(text: str, sep: str) -> list[list[str]]:
    """Return the first HEAD_ROWS rows of stripped cells, without blank lines."""
    return [row for _, row in _numbered_rows(text, sep)]


def header_names(path: Path, form: Format) -> list[str]:
    """Return the name of each column in the header; an unnamed one is x1, x2, … by its position.

    Raises
    ------
    TableError
        There is no row, or one of the first rows has more cells than the header.
    """
    rows = _numbered_rows(read_head(path, form.encoding), form.sep)
    if not rows:
        raise TableError(f"{path.name}: the file is empty. Add rows.")
    headers, body = (rows[0][1], rows[1:]) if form.header else ([], rows)
    widths = Counter(len(row) for _, row in body)
    width = max(widths, key=lambda n: (widths[n], n), default=len(headers))
    is_as_r_writes = len(headers) == width - 1 and not widths[len(headers)] and any(row[-1] for _, row in body)
    headers = ["", *headers] if is_as_r_writes else headers  # R writes no name for the column of row names
    wide = next(((line, len(row)) for line, row in body if any(row[len(headers) :])), None)
    if form.header and wide:
        raise too_wide(path, len(headers), *wide)
    names = (" ".join(name.split()) for name in [*headers, *[""] * (width - len(headers))])
    return [name or f"x{place}" for place, name in enumerate(names, 1)]


def distinct(names: Sequence[str]) -> list[str]:
    """Return distinct names: the second a becomes a_2."""
    found: list[str] = []
    for name in names:
        copies = (f"{name}_{number}" for number in range(2, 10_000))
        found.append(name if name not in found else next(copy for copy in copies if copy not in found))
    return found


def too_wide(path: Path, n_names: int, line: int, n_cells: int) -> TableError:
    """Return the error for a line with more cells than there are columns."""
    return TableError(
        f"{path.name}: line {line} has {n_cells} cells, but the header has {n_names}. Correct that line. "
        "If there are lines above the header, delete them; if cells are split wrongly, use --sep."
    )


def explain(error: BaseException) -> str:
    """Return the message of a parser's error, shortened."""
    return (str(error) or type(error).__name__).removeprefix("Error tokenizing data. C error: ")[:200]


def _numbered_rows(text: str, sep: str) -> list[tuple[int, list[str]]]:
    """Return the first rows of stripped cells, each with its line number, without blank lines."""
    stripped = ((line, [cell.strip() for cell in row]) for line, row in _parsed(text, sep))
    try:
        return list(islice(((line, row) for line, row in stripped if row not in ([], [""])), HEAD_ROWS))
    except csv.Error:  # a cell of more than 128 kB: wrong separator or quoting
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
        raise OSError(f"a zip archive of {len(archive.namelist())} files, such as a spreadsheet")
    return archive.open(archive.namelist()[0])
