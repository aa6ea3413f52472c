"""Guess how a table file is written, once, when it is taken in; what was guessed then stands on the card."""

from __future__ import annotations

import codecs
import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

from harness.data.config import WHITESPACE, Format, TableError
from harness.data.dtypes import is_day_first, is_number, number_style
from harness.data.head import open_bytes, read_head, split_rows
from harness.data.reader import is_parquet

SEPARATORS = ("\t", ";", "|", ",", WHITESPACE)  # in this order: text holds commas and blanks more often than the others
CHUNK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Survey:
    """What one pass over the bytes of a file tells: all of them uncompressed."""

    sha256: str
    n_bytes: int
    encoding: str


@dataclass(frozen=True, slots=True)
class Hints:
    """What a person says of a file where guessing is not enough."""

    sep: str = ""
    header: bool | None = None
    na: tuple[str, ...] = ()


def survey(path: Path) -> Survey:
    """Read a file once for its digest, size and encoding (UTF-8, UTF-16 by its mark, else Windows' Latin-1).

    Raises
    ------
    TableError
        The file cannot be read, is empty, or holds something other than text.
    """
    digest, n_bytes = hashlib.sha256(), 0
    utf8, is_utf8, has_nul, head = codecs.getincrementaldecoder("utf-8")(), True, False, b""
    with open_bytes(path) as file:
        while chunk := file.read(CHUNK_BYTES):
            digest.update(chunk)
            n_bytes += len(chunk)
            head = head or chunk[:4]
            has_nul = has_nul or b"\0" in chunk
            is_utf8 = is_utf8 and _decodes(utf8, chunk)
    if not n_bytes:
        raise TableError(f"{path.name}: expected rows of cells, got an empty file. Put a table there.")
    is_utf8 = is_utf8 and _decodes(utf8, b"", final=True)
    encoding = "utf-16" if head[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE) else "utf-8" if is_utf8 else "cp1252"
    if has_nul and encoding != "utf-16" and not is_parquet(path):
        raise TableError(f"{path.name}: expected text or Parquet, got other bytes. Save the table as CSV.")
    return Survey(digest.hexdigest(), n_bytes, encoding)


def guess_format(path: Path, encoding: str, target: str, hints: Hints) -> Format:
    """Return how the file is written; `target` tells its header, since a first row that holds it is one."""
    if is_parquet(path):
        return Format(na=hints.na)
    encoding = _strict(path, encoding)
    text = read_head(path, encoding)
    sep = hints.sep or _separator(text)
    rows = split_rows(text, sep)
    header = _has_header(rows, target) if hints.header is None else hints.header
    columns = [
        [cell for cell in column if cell not in hints.na] for column in zip_longest(*rows[header:], fillvalue="")
    ]
    decimal, thousands = number_style(columns, sep)
    return Format(
        sep=sep,
        header=header,
        encoding=encoding,
        decimal=decimal,
        thousands=thousands,
        day_first=any(is_day_first(column) for column in columns),
        na=hints.na,
    )


def _separator(text: str) -> str:
    """Return the separator that cuts the lines into the most even rows of two cells or more."""
    scores = {sep: _evenness(split_rows(text, sep)) for sep in SEPARATORS}
    best = max(SEPARATORS, key=lambda sep: scores[sep])
    return best if scores[best] else ","


def _evenness(rows: Sequence[Sequence[str]]) -> float:
    """Share of the rows that have the most common number of cells, less where the first row has not; 0 for one cell."""
    width, n_rows = Counter(map(len, rows)).most_common(1)[0] if rows else (0, 0)
    if width < 2:
        return 0.0
    lacks = width - len(rows[0])
    return n_rows / len(rows) - (0.0 if lacks == 0 else 0.1 if lacks == 1 else 0.5)  # R leaves out the first name


def _has_header(rows: Sequence[Sequence[str]], target: str) -> bool:
    """A first row is a header if it names the target; else if no cell of it could be one of those below."""
    if not rows or target in rows[0]:
        return True
    below = {cell for row in rows[1:] for cell in row}
    return not any(is_number(cell) or (cell and cell in below) for cell in rows[0])


def _decodes(decoder: codecs.IncrementalDecoder, chunk: bytes, *, final: bool = False) -> bool:
    try:
        decoder.decode(chunk, final)
    except UnicodeDecodeError:
        return False
    return True


def _strict(path: Path, encoding: str) -> str:
    """cp1252 has five holes; a file that falls into one is plain Latin-1."""
    if encoding != "cp1252":
        return encoding
    decoder = codecs.getincrementaldecoder("cp1252")()
    with open_bytes(path) as file:
        while chunk := file.read(CHUNK_BYTES):
            if not _decodes(decoder, chunk):
                return "latin-1"
    return encoding
