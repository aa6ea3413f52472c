"""Write the profile of a table as one HTML page without scripts that needs no other file.

Names and cells of a table are hostile text: the template escapes every value, and the page's policy loads nothing.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from pathlib import Path

import jinja2

from harness.audit import UNSEEN
from harness.audit.profile import Column, Counts, Profile
from harness.data.split import Fold, describe_split
from harness.data.table import Integers, Table
from harness.errors import UserError
from harness.output import one_line, printable, write_atomic

MARK = '<meta name="generator" content="prepare.py --profile">'  # of a page that may be replaced
WIDTH, HEIGHT = 168.0, 40.0  # of a histogram


def page_path(table: Table) -> Path:
    """Return the path of the page, relative to the repository."""
    return Path("data", f"{table.card.name}.profile.html")


def write_page(path: Path, text: str) -> None:
    """Write the page; raises UserError if the path holds anything but an earlier page."""
    try:
        if path.is_symlink() or (path.exists() and MARK not in path.read_text("utf-8", errors="replace")[:1000]):
            raise UserError(f"{path}: the file exists and is no profile. Move it, then run this again.")
        path.parent.mkdir(exist_ok=True)
        with write_atomic(path) as part:
            part.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise UserError(f"{path}: the page cannot be written ({(error.strerror or str(error)).lower()}).") from None


def render_page(table: Table, profile: Profile, parts: tuple[Integers, Integers], folds: Sequence[Fold]) -> str:
    """Return the page; `parts` are the positions of the training rows and of the held-out rows."""
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {"line": one_line, "printable": printable, "paths": _paths, "text": _describe}
    here = Path(__file__)
    style = here.with_name("profile.css").read_text("utf-8")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return environment.from_string(here.with_name("profile.html.jinja").read_text("utf-8")).render(
        card=table.card,
        profile=profile,
        n_columns=len(table.features.names),
        n_missing=int(table.X.isna().to_numpy().sum()),
        sizes=tuple(map(len, parts)),
        folds=[(len(fit), len(val)) for fit, val in folds],
        split=describe_split(table, test_size=len(parts[1]) / len(table.y), n_folds=len(folds)),
        unseen=UNSEEN,
        style=style,
        policy=f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'",
        mark=MARK,
        box=f"0 0 {WIDTH:g} {HEIGHT:g}",
    )


def _paths(column: Column) -> list[str]:
    """Return the path of the stacked bars of each class, in the units of the drawing."""
    counts = column.counts
    step = WIDTH / len(counts) if len(counts) else WIDTH
    scale = HEIGHT / max(1, counts.sum(axis=1).max(initial=1))
    tops = HEIGHT - counts.cumsum(axis=1) * scale
    return [_bars(counts[:, place] * scale, tops[:, place], step) for place in range(counts.shape[1])]


def _bars(heights: Counts, tops: Counts, step: float) -> str:
    width = max(0.5, min(step - 1, 24))
    return "".join(
        f"M{place * step:.1f} {top:.2f}h{width:.1f}v{height:.2f}h-{width:.1f}z"
        for place, (height, top) in enumerate(zip(heights, tops, strict=True))
        if height
    )


def _describe(column: Column) -> str:
    """Return the bars as text, for the tooltip and for a screen reader."""
    return "; ".join(
        f"{bar}: {' / '.join(map(str, counts))}" for bar, counts in zip(column.bars, column.counts, strict=True)
    )
