"""The HTML page of the report: sections, style, scripts and the content security policy. Pure."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from functools import cache
from importlib.resources import files

from ratchet.views.report import evidence, gap, listing, overview, real
from ratchet.views.report.markup import code, line
from ratchet.views.report.material import Material


def render(material: Material) -> str:
    """Return the report as one HTML document that needs no other file."""
    scripts = [_asset("page.js"), *([_asset("live.js")] if material.version else [])]
    title = f"{line(material.config.name)}: run {line(material.tag)}"
    version = f' data-version="{line(material.version)}"' if material.version else ""
    return "\n".join(
        [
            "<!doctype html>",
            f'<html lang="en"{version}>',
            "<head>",
            '<meta charset="utf-8">',
            f'<meta http-equiv="Content-Security-Policy" content="{policy(scripts, is_live=bool(material.version))}">',
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            '<meta name="referrer" content="no-referrer">',
            f"<title>{title}</title>",
            f"<style>{_asset('style.css')}</style>",
            "</head>",
            "<body>",
            _main(material, title),
            *(f"<script>{script}</script>" for script in scripts),
            "</body>",
            "</html>",
            "",
        ]
    )


def policy(scripts: Sequence[str], *, is_live: bool) -> str:
    """Return the content security policy: only this style and these scripts, and only a live page may send requests."""
    allowed = " ".join(_hash(script) for script in scripts)
    style, connect = _hash(_asset("style.css")), "'self'" if is_live else "'none'"
    return (
        f"default-src 'none'; script-src {allowed}; style-src {style}; connect-src {connect}; "
        "base-uri 'none'; form-action 'none'"
    )


def _main(material: Material, title: str) -> str:
    asof = next((str(event.data["at"]) for event in reversed(material.events) if event.data.get("at")), "")
    parts = [
        f"<header><h1>{title}</h1>",
        f'<p class="soft">as of {line(asof)}</p>' if asof else "",
        '<p id="now" class="now" role="status"></p>' if material.version else "",
        "</header>",
        overview.tiles(material) if material.history else "",
        overview.climb_section(material),
        real.verdict_section(material) if material.history else "",
        real.placebo_section(material),
        gap.gap_section(material) if material.history else "",
        listing.kept_section(material),
        listing.strategies_section(material),
        evidence.leaks_section(material),
        evidence.table_section(material),
        evidence.harness_section(material),
        listing.experiments_section(material),
        evidence.receipts_section(material),
        f"<footer>Computed from the journal of the run by {code('uv run ratchet report')}. The page loads nothing from "
        "the network and runs no code of an agent.</footer>",
    ]
    return "<main>\n" + "\n".join(part for part in parts if part) + "\n</main>"


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


@cache
def _asset(name: str) -> str:
    """Return the text of a file in this package."""
    return files("ratchet.views.report").joinpath(name).read_text("utf-8")
