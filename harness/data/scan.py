"""Look at every row of a text file once, at intake: what the head of the file cannot show.

Covered: rows without a filled cell, rows with too few cells, quotes that swallow rows, codes with leading zeros. A row
with too many cells is an error of the reader.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from harness.data.config import WHITESPACE, Format
from harness.data.head import open_text, parse
from harness.data.reader import is_parquet

ZERO = re.compile(r"(?:^|[^\d.,:/T+])0\d")  # what a code with a leading zero looks like in a line


@dataclass(slots=True)
class Scan:
    """Places of odd rows, by the number of their first line; `zeros` are columns, by place."""

    width: int
    empty: list[int] = field(default_factory=list)
    short: list[int] = field(default_factory=list)
    swallowed: list[tuple[int, int]] = field(default_factory=list)  # first and last line
    zeros: set[int] = field(default_factory=set)
    is_even: bool = True  # every row has `width` cells

    def notes(self) -> Iterator[str]:
        """Yield a note for each kind of odd row."""
        if self.empty:
            yield f"left out {len(self.empty):,} rows without a filled cell: {_lines(self.empty)}"
        if self.short:
            yield (
                f"{len(self.short):,} rows have fewer cells than the header, the rest counts as missing: "
                f"{_lines(self.short)}"
            )
        for first, last in self.swallowed[:3]:
            yield (
                f"lines {first} to {last} are one row, because a quotation mark opens a cell in line {first}: if they "
                "are several rows, close or remove it"
            )


def scan(path: Path, form: Format, width: int) -> tuple[Format, Scan]:
    """Look at every row; return the format, without quotes if they swallow rows, and what was found.

    `width` is the number of columns.
    """
    if is_parquet(path):
        return form, Scan(width)
    found = _scan(path, form, width)
    if found.swallowed:
        other = _scan(path, replace(form, quotes=False), width)
        if other.is_even:
            return replace(form, quotes=False), other
    return form, found


def _scan(path: Path, form: Format, width: int) -> Scan:
    found, seen = Scan(width), _Lines()
    with open_text(path, form.encoding) as file:
        is_first = form.header
        for line, row in parse(seen.watch(file), form):
            if line <= form.skip or not row or row == [""]:
                continue
            if not is_first:
                _look(found, line, row, seen, form.sep)
            is_first = seen.clear()
    return found


class _Lines:
    """The lines that the parser has consumed for the current row."""

    def __init__(self) -> None:
        self.count = 0
        self.has_zero = False

    def watch(self, lines: Iterator[str]) -> Iterator[str]:
        for line in lines:
            self.count += 1
            self.has_zero = self.has_zero or ZERO.search(line) is not None
            yield line

    def clear(self) -> bool:
        self.has_zero = False
        return False


def _look(found: Scan, line: int, row: Sequence[str], seen: _Lines, sep: str) -> None:
    if len(row) != found.width:
        found.is_even = False
    if not any(map(str.strip, row)):
        found.empty.append(line)
    elif len(row) < found.width:
        found.short.append(line)
    if seen.count > line and sep != WHITESPACE and any(_looks_like_rows(cell, sep, found.width) for cell in row):
        found.swallowed.append((line, seen.count))
    if seen.has_zero:
        found.zeros.update(place for place, cell in enumerate(row) if cell[:1] == "0" and cell[1:].strip().isdecimal())


def _looks_like_rows(cell: str, sep: str, width: int) -> bool:
    """Whether a cell of several lines holds as many separators as rows would."""
    n_ends = len(cell.splitlines()) - 1
    return n_ends > 0 and cell.count(sep) >= max(1, n_ends * (width - 1) - (width - 2))


def _lines(numbers: Sequence[int]) -> str:
    return f"line {', '.join(map(str, numbers[:3]))}" + (", …" if len(numbers) > 3 else "")
