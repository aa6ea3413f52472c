"""The section that compares validation and audit scores of the kept experiments, if they may be shown. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ratchet.core.records import Experiment
from ratchet.repo.journal import latest_analysis
from ratchet.repo.sealing import is_closed, opened_rows
from ratchet.views.report.markup import line, number_at, shown, signed
from ratchet.views.report.material import Material

ROWS = 40  # kept experiments in the table


def audit_of(material: Material) -> dict[str, Any]:
    """Return the audit scores of the kept experiments, or why they are not shown."""
    names = [source.name for source in material.config.audit]
    kept = [old for old in material.history if old.verdict.advances]
    seen = [name for name in names if any(old.metrics.get(name) is not None for old in kept)]
    rows = opened_rows(material.events)  # of the last `reveal`
    revealed = {n: _interval(row) for n, row in rows.items() if number_at(row, "auc") is not None}
    why_not = "" if seen or revealed else "none were measured"
    if not material.has_audit:
        why_not = "not shown while a process works on the run, and never by watch --web"
    head = ["experiment", line(material.config.metric.name), *(cell for name in seen for cell in (line(name), "gap"))]
    return {
        "names": ", ".join(names),
        "is_sealed": is_closed(material.config, material.events),
        "why_not": why_not,
        "intervals": _intervals(material),
        "head": [*head, "shown by reveal"] if revealed else head,
        "rows": [(old, _cells(old, seen, revealed)) for old in kept[-ROWS:]],
        "change": _change(material, kept, seen[0]) if seen else "",
    }


def _interval(row: Mapping[str, Any] | None) -> str:
    value, low, high = (number_at(row, key) for key in ("auc", "low", "high"))
    return f"{shown(value)} ({shown(low)} to {shown(high)})"


def _cells(old: Experiment, names: Sequence[str], revealed: Mapping[int, str]) -> list[str]:
    cells = [shown(old.metric)]
    for name in names:
        value = old.metrics.get(name)
        gap = value - old.metric if value is not None and old.metric is not None else None
        cells += [shown(value), signed(gap, old.metric)]
    return [*cells, revealed.get(old.n, "–")] if revealed else cells


def _change(material: Material, kept: Sequence[Experiment], name: str) -> str:
    """Return how the audit score changed from the baseline to the best."""
    first, last, metric = kept[0], kept[-1], line(material.config.metric.name)
    old, new = first.metrics.get(name), last.metrics.get(name)
    if len(kept) < 2 or old is None or new is None or first.metric is None or last.metric is None:
        return ""
    return (
        f"From the baseline to the best, {metric} changed by {signed(last.metric - first.metric, last.metric)}, "
        f"and {line(name)} by {signed(new - old, new)}."
    )


def _intervals(material: Material) -> list[str]:
    """Return the confidence intervals on the held-out rows from the analysis `conclude`, if it has them."""
    event = latest_analysis(material.events, "conclude")
    test = event["answer"].get("test") if event else None
    if not isinstance(test, Mapping):
        return []
    return [f"{who}: {_interval(test[who])}" for who in ("baseline", "winner") if isinstance(test.get(who), Mapping)]
