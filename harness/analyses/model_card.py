"""Render the card of an exported model as Markdown: what it is, its scores, its leak checks, its limits.

The text is in model_card.md.jinja. Text that comes from a train.py is hostile: the filter `plain` escapes it.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jinja2


def render(facts: Mapping[str, Any]) -> str:
    """Return the card as Markdown. A number that was not measured is None."""
    environment = jinja2.Environment(
        undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True
    )
    environment.filters |= {"plain": plain, "number": _number, "signed": _signed}
    environment.tests["in_train_py"] = lambda name: name.startswith("train.")
    template = Path(__file__).with_name("model_card.md.jinja").read_text("utf-8")
    return environment.from_string(template).render(facts)


def plain(text: str) -> str:
    """Escape text for Markdown: no markup, no HTML, no end of a table cell."""
    return re.sub(r"([\\`*_\[\]#|~!])", r"\\\1", html.escape(str(text), quote=False))


def _number(value: float | None, digits: int = 4) -> str:
    return "not measured" if value is None else f"{value:.{digits}f}"


def _signed(value: float | None) -> str:
    return "not measured" if value is None else f"{value:+.4f}"
