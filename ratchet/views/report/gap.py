"""The section that compares validation and audit scores of the kept experiments, if they may be shown. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ratchet.core.records import Experiment
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
    """Return the table of kept experiments with their audit scores, or the reason why it is not shown."""
    names = [source.name for source in material.config.audit]
    if not names:
        return ""
    kept = [old for old in material.history if old.verdict.advances]
    seen = [name for name in names if any(old.metrics.get(name) is not None for old in kept)]
    opened = _opened(material)
    if why := _why_not(material, is_there=bool(seen or opened)):
        return section("gap", TITLE, paragraph(f"Audit numbers ({line(', '.join(names))}): {why}."))
    head = ["experiment", line(material.config.metric.name), *(cell for name in seen for cell in (line(name), "gap"))]
    head += ["shown by reveal"] if opened else []
    rows = [_row(old, seen, opened) for old in kept[-ROWS:]]
    last = _what_became(material, kept, seen[0]) if seen else ""
    return section("gap", TITLE, *_intervals(material), table(head, rows), last)


def _why_not(material: Material, *, is_there: bool) -> str:
    if is_closed(material.config, material.events):
        return f"sealed until {code('uv run ratchet reveal')} shows them, once, at the end"
    if not material.has_audit:
        return "not shown while a process works on the run, and never by watch --web"
    return "" if is_there else "none were measured"


def _opened(material: Material) -> Mapping[int, str]:
    """Return the scores of the last `reveal` for each experiment."""
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
    """Return how the audit score changed from the baseline to the best."""
    first, last, metric = kept[0], kept[-1], line(material.config.metric.name)
    old, new = first.metrics.get(name), last.metrics.get(name)
    if len(kept) < 2 or old is None or new is None or first.metric is None or last.metric is None:
        return ""
    text = (
        f"From the baseline to the best, {metric} changed by {signed(last.metric - first.metric, last.metric)}, "
        f"and {line(name)} by {signed(new - old, new)}."
    )
    return paragraph(f"{text} A small held-out set has an error that is larger than most gains.", "soft")


def _intervals(material: Material) -> list[str]:
    """Return the confidence intervals on the held-out rows from the analysis `conclude`, if it has them."""
    event = latest_analysis(material.events, "conclude")
    test = event["answer"].get("test") if event else None
    if not isinstance(test, Mapping):
        return []
    rows = [f"{who}: {_interval(test[who])}" for who in ("baseline", "winner") if isinstance(test.get(who), Mapping)]
    return [paragraph("AUC on the held-out rows, with its 95 % interval:"), bullets(rows)] if rows else []
