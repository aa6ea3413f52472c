"""Validation beside audit, for what was kept: shown only where the numbers are there and may be seen. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ratchet.core.records import Experiment
from ratchet.core.text import number_text
from ratchet.repo.journal import latest_analysis
from ratchet.repo.sealing import is_closed, opened_rows
from ratchet.views.report.markup import (
    bullets,
    code,
    entry_link,
    line,
    number_at,
    paragraph,
    section,
    shown,
    signed,
    table,
)
from ratchet.views.report.material import Material

ROWS = 40  # kept experiments in the table
TITLE = "Validation and audit"


def gap_section(material: Material) -> str:
    """Return the table of what was kept with its audit numbers, or why there is none."""
    names = [source.name for source in material.config.audit]
    if not names:
        return ""
    kept = [old for old in material.history if old.verdict.advances]
    seen = [name for name in names if any(old.metrics.get(name) is not None for old in kept)]
    opened = _opened(material)
    if why := _why_not(material, is_there=bool(seen or opened)):
        return section("gap", TITLE, paragraph(f"Audit numbers ({line(', '.join(names))}): {why}."))
    head = ["experiment", line(material.config.metric.name), *(cell for name in seen for cell in (line(name), "gap"))]
    head += ["opened by reveal"] if opened else []
    rows = [_row(old, seen, opened) for old in kept[-ROWS:]]
    last = _what_became(material, kept, seen[0]) if seen else ""
    return section("gap", TITLE, *_intervals(material), table(head, rows), last)


def _why_not(material: Material, *, is_there: bool) -> str:
    if is_closed(material.config, material.events):
        return f"sealed until {code('uv run ratchet reveal')} opens them, once, at the end"
    if not material.has_audit:
        return "not shown while somebody works on the run, nor in a page that is served"
    return "" if is_there else "none were measured"


def _opened(material: Material) -> Mapping[int, str]:
    """Return what the last opening of the sealed test said of each experiment."""
    rows = opened_rows(material.events)
    return {n: _interval(row) for n, row in rows.items() if number_at(row, "auc") is not None}


def _interval(row: Mapping[str, Any] | None) -> str:
    value, low, high = (number_at(row, key) for key in ("auc", "low", "high"))
    return f"{shown(value)} ({shown(low)} to {shown(high)})"


def _row(old: Experiment, names: Sequence[str], opened: Mapping[int, str]) -> list[str]:
    row = [f'{entry_link(old)} <span class="spare">{line(old.hypothesis, 90)}</span>', shown(old.metric)]
    for name in names:
        value = old.metrics.get(name)
        gap = value - old.metric if value is not None and old.metric is not None else None
        row += [shown(value), signed(gap, old.metric)]
    return [*row, opened.get(old.n, "–")] if opened else row


def _what_became(material: Material, kept: Sequence[Experiment], name: str) -> str:
    """Say what became of the gain on rows that never drove a decision."""
    first, last, metric = kept[0], kept[-1], line(material.config.metric.name)
    old, new = first.metrics.get(name), last.metrics.get(name)
    if len(kept) < 2 or old is None or new is None or first.metric is None or last.metric is None:
        return ""
    word = "rose" if new > old else "fell" if new < old else "stayed"
    text = (
        f"From the baseline to the best, {metric} moved by {signed(last.metric - first.metric, last.metric)}, "
        f"and {line(name)} {word} by {number_text(abs(new - old))}."
    )
    return paragraph(f"{text} One held-out set is small: its own error is larger than most steps.", "soft")


def _intervals(material: Material) -> list[str]:
    """Return the intervals on the held-out rows, where the study of the climb has them."""
    event = latest_analysis(material.events, "conclude")
    test = event["answer"].get("test") if event else None
    if not isinstance(test, Mapping):
        return []
    rows = [f"{who}: {_interval(test[who])}" for who in ("baseline", "winner") if isinstance(test.get(who), Mapping)]
    return [paragraph("AUC on the held-out rows, with its 95 % interval:"), bullets(rows)] if rows else []
