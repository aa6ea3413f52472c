"""Infer the dialect of a table file. This happens once, at intake; data/dataset.toml records the result."""

from __future__ import annotations

import codecs
import hashlib
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from harness.data.config import WHITESPACE, Format, TableError
from harness.data.dtypes import is_number
from harness.data.head import first_rows, open_bytes, read_head
from harness.data.reader import is_parquet

SEPARATORS = ("\t", ";", "|", ",", WHITESPACE)  # in this order: commas and blanks are the most common in text
CHUNK_BYTES = 1 << 20
MAX_TITLES = 30  # lines above the header
MIN_NAME = 4  # digits; a shorter number is a place, 2020 a name


@dataclass(frozen=True, slots=True)
class Survey:
    """Digest, size and encoding of a file, after decompression."""

    sha256: str
    n_bytes: int
    encoding: str


@dataclass(frozen=True, slots=True)
class Hints:
    """What the user states about the dialect; an empty field is inferred."""

    sep: str = ""
    header: bool | None = None
    na: tuple[str, ...] = ()
    keep_na: tuple[str, ...] = ()


def survey(path: Path) -> Survey:
    """Read a file once for its digest, size and encoding (UTF-8, UTF-16 with a byte order mark, else cp1252).

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
        raise TableError(f"{path.name}: the file is empty. Add rows.")
    is_utf8 = is_utf8 and _decodes(utf8, b"", final=True)
    encoding = "utf-16" if head[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE) else "utf-8" if is_utf8 else "cp1252"
    if has_nul and encoding != "utf-16" and not is_parquet(path):
        raise TableError(f"{path.name}: the file is neither text nor Parquet. Save the table as CSV.")
    return Survey(digest.hexdigest(), n_bytes, encoding)


def guess_format(path: Path, encoding: str, target: str, hints: Hints) -> Format:
    """Return the dialect of the file but for its numbers and dates; a first row that names `target` is a header."""
    if is_parquet(path):
        return Format(na=hints.na, keep_na=hints.keep_na)
    encoding = _strict(path, encoding)
    text = read_head(path, encoding)
    excel = re.match(r"\"?sep=([^\n])\"?\n", text)  # a line that Excel writes for itself
    form = Format(encoding=encoding, na=hints.na, keep_na=hints.keep_na, skip=1 if excel else 0)
    sep = hints.sep or (excel[1] if excel else _separator(text, form, target))
    rows = first_rows(text, replace(form, sep=sep))
    start = 0 if hints.header is False else n_titles([row for _, row in rows], target)
    skip = rows[start][0] - 1 if start else form.skip
    header = _has_header([row for _, row in rows[start:]], target) if hints.header is None else hints.header
    return replace(form, sep=sep, skip=skip, header=header)


def n_titles(rows: Sequence[Sequence[str]], target: str) -> int:
    """Return the number of rows above the header: those above the one that names `target`, or with one cell alone."""
    if not is_number(target):
        wanted = " ".join(target.split()).casefold()
        for place, row in enumerate(rows[:MAX_TITLES]):
            if len(row) > 1 and wanted in (" ".join(cell.split()).casefold() for cell in row):
                return place
    width = Counter(map(len, rows)).most_common(1)[0][0] if rows else 0
    found = next((place for place, row in enumerate(rows) if width < 3 or sum(map(bool, row)) > 1), 0)
    return found if found <= MAX_TITLES else 0


def _separator(text: str, form: Format, target: str) -> str:
    """Return the separator that splits the lines into the most even rows of two cells or more."""
    scores = {}
    for sep in SEPARATORS:
        rows = [row for _, row in first_rows(text, replace(form, sep=sep))]
        scores[sep] = _evenness(rows[n_titles(rows, target) :])
    best = max(SEPARATORS, key=lambda sep: scores[sep])
    return best if scores[best] else ","


def _evenness(rows: Sequence[Sequence[str]]) -> float:
    """Return the share of rows with the most common number of cells, less if the first row differs; 0 for one cell."""
    width, n_rows = Counter(map(len, rows)).most_common(1)[0] if rows else (0, 0)
    if width < 2:
        return 0.0
    lacks = width - len(rows[0])
    return n_rows / len(rows) - (0.0 if lacks == 0 else 0.1 if lacks == 1 else 0.5)  # R omits the first name


def _has_header(rows: Sequence[Sequence[str]], target: str) -> bool:
    """Whether the first row is a header: it names the target, or none of its cells is a number or occurs below.

    A target such as 3 is a place, unless the first row counts its columns as pandas does, or holds other names too.
    """
    if not rows:
        return True
    first = rows[0]
    is_place = is_number(target) and len(target) < MIN_NAME and all(map(is_number, filter(None, first)))
    if target in first and not is_place:
        return True
    counted = list(map(str, range(len(first))))
    if first in (counted, ["", *counted[:-1]]):
        return True
    below = {cell for row in rows[1:] for cell in row}
    return not any(is_number(cell) or (cell and cell in below) for cell in first)


def _decodes(decoder: codecs.IncrementalDecoder, chunk: bytes, *, final: bool = False) -> bool:
    try:
        decoder.decode(chunk, final)
    except UnicodeDecodeError:
        return False
    return True


def _strict(path: Path, encoding: str) -> str:
    """Return Latin-1 for a file with one of the five bytes that cp1252 does not define."""
    if encoding != "cp1252":
        return encoding
    decoder = codecs.getincrementaldecoder("cp1252")()
    with open_bytes(path) as file:
        while chunk := file.read(CHUNK_BYTES):
            if not _decodes(decoder, chunk):
                return "latin-1"
    return encoding
