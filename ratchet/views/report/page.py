"""The HTML page of the report: its template, style, scripts and content security policy. Pure."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from ratchet.core.noise import FLOOR_SES, FLOOR_TRIES
from ratchet.core.text import CLEAR_SES, STATUS_WORDS, evidence_text, value_text
from ratchet.views.report import evidence, listing, overview, real
from ratchet.views.report.markup import line, lines, shown
from ratchet.views.report.material import Material

if TYPE_CHECKING:
    from jinja2 import Template


def render(material: Material) -> str:
    """Return the report as one HTML document that needs no other file."""
    scripts = [_asset("page.js"), *([_asset("live.js")] if material.version else [])]
    return _template().render(
        material=material,
        as_of=next((str(event.data["at"]) for event in reversed(material.events) if event.data.get("at")), ""),
        policy=policy(scripts, is_live=bool(material.version)),
        style=_asset("style.css"),
        scripts=scripts,
    )


def policy(scripts: Sequence[str], *, is_live: bool) -> str:
    """Return the content security policy: only this style and these scripts, and only a live page may send requests."""
    allowed = " ".join(_hash(script) for script in scripts)
    style, connect = _hash(_asset("style.css")), "'self'" if is_live else "'none'"
    return (
        f"default-src 'none'; script-src {allowed}; style-src {style}; connect-src {connect}; "
        "base-uri 'none'; form-action 'none'"
    )


@cache
def _template() -> Template:
    """Return the template; it escapes every value."""
    from jinja2 import Environment, FunctionLoader, StrictUndefined  # imported here: `ratchet status` needs none of it

    environment = Environment(
        loader=FunctionLoader(_asset), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {
        "line": line,
        "lines": lines,
        "shown": shown,
        "px": lambda value, decimals=1: f"{value:.{decimals}f}",
        "evidence": evidence_text,
        "value": value_text,
        "word": lambda verdict: STATUS_WORDS[verdict].lower(),
    }
    environment.globals |= {"clear_ses": CLEAR_SES, "floor_ses": FLOOR_SES, "floor_tries": FLOOR_TRIES}
    environment.globals |= {module.__name__.rpartition(".")[2]: module for module in _SECTIONS}
    return environment.get_template("report.html")


_SECTIONS = (overview, real, listing, evidence)


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


@cache
def _asset(name: str) -> str:
    """Return the text of a file in this package."""
    return files("ratchet.views.report").joinpath(name).read_text("utf-8")
