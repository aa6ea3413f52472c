"""What the harness prints and writes: text as one line, the lines of an evaluation, files that are never half written.

A line of an evaluation is `name: value`, with nan if it was not measured.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TypeAlias

Lines: TypeAlias = Mapping[str, str | float | None]  # by name, in printed order
DIGITS = {"cpu_time_s": 2, "wall_time_s": 2, "peak_memory_mb": 0}  # decimals; 6 for all others


def render(lines: Lines) -> str:
    """Return the lines as text."""
    texts = {name: value if isinstance(value, str) else number(value, _digits(name)) for name, value in lines.items()}
    return "".join(f"{name}: {text}\n" for name, text in texts.items())


def numbers(lines: Lines) -> dict[str, float | None]:
    """Return the numbers among the lines, rounded as printed."""
    return {name: _rounded(name, value) for name, value in lines.items() if not isinstance(value, str)}


def number(value: float | None, digits: int = 6) -> str:
    """Return a number as text; nan if it was not measured."""
    return "nan" if value is None or not math.isfinite(value) else f"{value:.{digits}f}"


def _rounded(name: str, value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else round(value, _digits(name))


def _digits(name: str) -> int:
    return DIGITS.get(name, 6)


def one_line(text: str, limit: int = 300) -> str:
    """Return text as one printable line of at most `limit` characters, without control characters."""
    line = printable(text)
    return line if len(line) <= limit else line[: limit - 1] + "…"


def printable(text: str) -> str:
    """Return text as one line without control characters."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())


@contextmanager
def write_atomic(path: Path) -> Iterator[Path]:
    """Yield a temporary path in the folder of `path`, and rename it to `path` at the end; after an error, delete it."""
    part = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        yield part
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
