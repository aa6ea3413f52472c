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
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import count, islice
from pathlib import Path
from typing import IO, Literal, cast

from harness.data.config import WHITESPACE, Format, TableError

HEAD_CHARS, HEAD_ROWS = 1 << 18, 200  # of text, from which the dialect is inferred
MIN_LINES, MAX_CHARS = 20, 1 << 27  # lines in the head, however long they are, up to this size
MAX_CELL = 1 << 30  # characters; the csv module allows 128 kB by default
UNREADABLE = (OSError, EOFError, zlib.error, lzma.LZMAError, zipfile.BadZipFile, RuntimeError)
TABLE_SUFFIXES = (".csv", ".tsv", ".tab", ".txt", ".dat", ".data")


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


@contextmanager
def open_text(path: Path, encoding: str) -> Iterator[IO[str]]:
    """Open a file as text without a byte order mark; each line ends as it does in the file."""
    with open_bytes(path) as file:
        yield io.TextIOWrapper(file, "utf-8-sig" if encoding == "utf-8" else encoding, errors="replace", newline="")


def read_head(path: Path, encoding: str) -> str:
    """Return the text of the first lines, with Unix line ends, without an incomplete last line."""
    lines: list[str] = []
    n_chars, is_whole = 0, True
    with open_text(path, encoding) as file:
        while line := file.readline(MAX_CHARS):
            lines.append(line)
            n_chars += len(line)
            if n_chars > MAX_CHARS or (n_chars > HEAD_CHARS and len(lines) >= MIN_LINES):
                is_whole = line.endswith(("\n", "\r"))
                break
    text = "".join(lines if is_whole else lines[:-1] or lines)
    return text.replace("\r\n", "\n").replace("\r", "\n")


def first_rows(text: str, form: Format) -> list[tuple[int, list[str]]]:
    """Return the first rows of stripped cells below the skipped lines, each with its line, without blank lines."""
    rows = ((line, [cell.strip() for cell in row]) for line, row in parse(io.StringIO(text), form))
    filled = ((line, row) for line, row in rows if line > form.skip and row not in ([], [""]))
    return list(islice(filled, HEAD_ROWS))


def parse(lines: Iterable[str], form: Format) -> Iterator[tuple[int, list[str]]]:
    """Yield every row of a text with the number of its first line; a blank line is an empty row."""
    if form.sep == WHITESPACE:
        yield from enumerate(map(str.split, lines), 1)
        return
    csv.field_size_limit(MAX_CELL)
    quoting: Literal[0, 3] = csv.QUOTE_MINIMAL if form.quotes else csv.QUOTE_NONE
    reader, n_read = csv.reader(lines, delimiter=form.sep, quoting=quoting, skipinitialspace=True), 0
    for row in reader:
        yield n_read + 1, row
        n_read = reader.line_num


def header_names(path: Path, form: Format) -> list[str]:
    """Return the name of each column in the header; an unnamed one is x1, x2, … by its position.

    Raises
    ------
    TableError
        There is no row, or one of the first rows has more cells than the header.
    """
    rows = first_rows(read_head(path, form.encoding), form)
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
    found: dict[str, None] = {}
    for name in names:
        copies = (f"{name}_{number}" for number in count(2))
        found[name if name not in found else next(copy for copy in copies if copy not in found)] = None
    return list(found)


def too_wide(path: Path, n_names: int, line: int, n_cells: int) -> TableError:
    """Return the error for a line with more cells than there are columns."""
    return TableError(
        f"{path.name}: line {line} has {n_cells} cells, but the header has {n_names}. Correct that line. "
        "If there are lines above the header, delete them; if cells are split wrongly, use --sep."
    )


def explain(error: BaseException) -> str:
    """Return the message of a parser's error, shortened."""
    return (str(error) or type(error).__name__).removeprefix("Error tokenizing data. C error: ")[:200]


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
    return archive.open(_only_table(archive))


def _only_table(archive: zipfile.ZipFile) -> str:
    """Return the name of the one table in an archive, beside folders, hidden files and notes."""
    names = [name for name in archive.namelist() if not name.endswith("/") and not _is_hidden(name)]
    tables = [name for name in names if name.lower().endswith(TABLE_SUFFIXES)]
    found = names if len(names) == 1 else [name for name in tables if not name.lower().endswith(".txt")] or tables
    if len(found) != 1:
        shown = ", ".join(names[:5]) + ", …" * (len(names) > 5)
        raise OSError(f"a zip archive of {len(names)} files ({shown}), such as a spreadsheet: unpack it")
    return found[0]


def _is_hidden(name: str) -> bool:
    """Whether a file of an archive was put there by macOS or Windows, or is hidden."""
    parts = name.split("/")
    return parts[0] == "__MACOSX" or parts[-1].startswith(".") or parts[-1] in ("Thumbs.db", "desktop.ini")
