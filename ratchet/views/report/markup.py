"""Build HTML from values. Every text passes through `line` or `lines`, which escape it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

from ratchet.core.output_parser import is_number
from ratchet.core.records import LINE_CHARS, Experiment, one_line
from ratchet.core.text import delta_text, number_text

LOOKED_AT = 20  # times the limit; the rest of a huge text is not even read


def line(value: object, limit: int = LINE_CHARS) -> str:
    """Return any value as one escaped line of at most `limit` characters."""
    return escape(one_line(str(value)[: LOOKED_AT * limit], limit))


def lines(value: str, limit: int) -> str:
    """Return a text of several lines, escaped and cut at `limit`, with invisible characters as codes."""
    cut = "" if len(value) <= limit else f"\n… {len(value) - limit} more characters"
    return "\n".join(escape(visible(row), quote=False) for row in value[:limit].split("\n")) + cut


def visible(row: str) -> str:
    """Return a line with control and text direction characters as codes."""
    if row.isprintable():
        return row
    return "".join(
        letter if letter.isprintable() or letter == "\t" else f"\\u{ord(letter):04x}" for letter in row.rstrip("\r")
    )


def section(name: str, title: str, *parts: str) -> str:
    """Return a section of the page; the parts are HTML."""
    body = "\n".join(part for part in parts if part)
    return (
        f'<section id="{name}" aria-labelledby="{name}-title">\n<h2 id="{name}-title">{title}</h2>\n{body}\n</section>'
    )


def paragraph(html: str, kind: str = "") -> str:
    """Return a paragraph of HTML."""
    return f'<p class="{kind}">{html}</p>' if kind else f"<p>{html}</p>"


def table(head: Sequence[str], rows: Iterable[Sequence[str]], *, n_texts: int = 1) -> str:
    """Return a table of HTML cells. The first `n_texts` columns are text, the others numbers."""
    kinds = ["t" if index < n_texts else "n" for index in range(len(head))]
    top = "".join(f'<th scope="col" class="{kind}">{cell}</th>' for cell, kind in zip(head, kinds, strict=True))
    body = "\n".join(
        "<tr>" + "".join(f'<td class="{kind}">{cell}</td>' for cell, kind in zip(row, kinds, strict=True)) + "</tr>"
        for row in rows
    )
    return f'<div class="scroll"><table><thead><tr>{top}</tr></thead><tbody>\n{body}\n</tbody></table></div>'


def pairs(found: Iterable[tuple[str, str]]) -> str:
    """Return names and values as an HTML description list."""
    rows = "\n".join(f"<dt>{name}</dt><dd>{value}</dd>" for name, value in found if value)
    return f"<dl>\n{rows}\n</dl>" if rows else ""


def bullets(rows: Iterable[str]) -> str:
    """Return an HTML list."""
    body = "\n".join(f"<li>{row}</li>" for row in rows)
    return f"<ul>\n{body}\n</ul>" if body else ""


def code(command: str) -> str:
    """Return a command as HTML code."""
    return f"<code>{escape(command)}</code>"


def entry_link(old: Experiment) -> str:
    """Return a link to an experiment on the same page."""
    return f'<a href="#e{old.n}">iter {old.n}</a>'


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
