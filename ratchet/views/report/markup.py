"""Filters of the report's template: values as text that is cut and readable. The template escapes it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ratchet.core.output_parser import is_number
from ratchet.core.records import LINE_CHARS, one_line
from ratchet.core.text import delta_text, number_text

LOOKED_AT = 20  # times the limit; the rest of a huge text is not even read


def line(value: object, limit: int = LINE_CHARS) -> str:
    """Return any value as one line of at most `limit` characters."""
    return one_line(str(value)[: LOOKED_AT * limit], limit)


def lines(value: str, limit: int) -> str:
    """Return a text of several lines, cut at `limit`, with invisible characters as codes."""
    cut = "" if len(value) <= limit else f"\n… {len(value) - limit} more characters"
    return "\n".join(map(visible, value[:limit].split("\n"))) + cut


def visible(row: str) -> str:
    """Return a line with control and text direction characters as codes."""
    if row.isprintable():
        return row
    return "".join(
        letter if letter.isprintable() or letter == "\t" else f"\\u{ord(letter):04x}" for letter in row.rstrip("\r")
    )


def number_at(answer: Mapping[str, Any] | None, *path: str) -> float | None:
    """Return the number at a path of an analysis' answer, or None if there is none."""
    found: Any = answer
    for key in path:
        found = found.get(key) if isinstance(found, Mapping) else None
    return float(found) if is_number(found) else None


def shown(value: float | None) -> str:
    """Return a number for a cell, or a dash for None."""
    return "–" if value is None else number_text(value)


def signed(value: float | None, beside: float | None = None) -> str:
    """Return a signed difference with the decimals of the number `beside` it, or a dash for None."""
    return "–" if value is None else delta_text(value, 1.0 if beside is None else beside).replace("-", "−")
