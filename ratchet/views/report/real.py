"""The sections about how much of the gain is real. Pure.

They show the analyses `conclude` and `placebo`, or the noise floor, and the audit scores beside those of validation.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ratchet.core.noise import FLOOR_TRIES
from ratchet.core.output_parser import is_number
from ratchet.core.records import Experiment
from ratchet.core.text import number_text
from ratchet.core.trajectory import climb_of
from ratchet.repo.journal import latest_analysis
from ratchet.repo.sealing import is_closed, opened_rows
from ratchet.views.report.markup import line, number_at, shown, signed
from ratchet.views.report.material import Material

SUPPORTED = "supported"
ROWS = 40  # kept experiments in the table of audit scores
RULES = ("strict", "margin", "confirm")


def conclusion(material: Material) -> dict[str, Any] | None:
    """Return the last conclusion of the harness, with one row for each estimate of the gain, or None."""
    event = latest_analysis(material.events, "conclude")
    if event is None:
        return None
    answer = event["answer"]
    last, upto = max((old.n for old in material.history), default=0), event.get("upto")
    is_old = upto is not None and upto < last
    word = str(answer.get("word", ""))
    return {
        "word": word,
        "is_good": word == SUPPORTED,
        "reasons": str(answer.get("reasons", "")),
        "rows": _gain_rows(answer),
        "notes": [*_counts(answer), *_calibration(answer)],
        "caveat": str(answer.get("caveat") or ""),
        "outdated": f"Computed at experiment {upto}. The run has continued to experiment {last}." if is_old else "",
    }


def floor_test(material: Material) -> dict[str, Any] | None:
    """Return the comparison of the gain with the noise floor, or None without a gain.

    `side` is "" if no standard error was measured.
    """
    climb = climb_of(material.history, material.config)
    if climb.baseline is None or climb.best is None:
        return None
    found = {"gain": signed(climb.best - climb.baseline, climb.best), "side": "", "n_tries": FLOOR_TRIES}
    if climb.floor is None:
        return found
    is_above = climb.best > climb.floor if climb.is_up else climb.best < climb.floor
    side, floor = "beyond" if is_above else "within", number_text(abs(climb.floor - climb.baseline))
    return {**found, "side": side, "floor": floor}


def _counts(answer: Mapping[str, Any]) -> list[str]:
    compared, stopped = answer.get("n_comparisons"), answer.get("n_stopped_early")
    found = [f"{compared} comparisons were made"] if compared is not None else []
    found += [f"stopped early: {stopped}"] if stopped else []
    return [line("; ".join(found)) + "."] if found else []


def _calibration(answer: Mapping[str, Any]) -> list[str]:
    """Return how well the predictions of the change matched the measured change."""
    hits, count, error = (number_at(answer, "calibration", key) for key in ("sign_hits", "n", "mean_absolute_error"))
    if hits is None or not count:
        return []
    return [f"{hits:.0f} of {count:.0f} predictions had the right sign. The mean absolute error is {shown(error)}."]


def _gain_rows(answer: Mapping[str, Any]) -> list[list[str]]:
    """Return one row for each estimate of the gain."""
    rows = [["naive", signed(number_at(answer, "naive"), 0.1), "", ""]]
    if answer.get("corrected"):
        low, high = (signed(number_at(answer, "corrected", key), 0.1) for key in ("low", "high"))
        mean, chance = (number_at(answer, "corrected", key) for key in ("mean", "p_not_positive"))
        rows.append(["corrected for picking the best", signed(mean, 0.1), f"{low} to {high}", shown(chance)])
    if answer.get("fresh"):
        mean, error, count = (number_at(answer, "fresh", key) for key in ("mean", "se", "n_partitions"))
        over = f"over {count:.0f} fresh partitions" if count else "over fresh partitions"
        chance = number_at(answer, "fresh", "p_greater")
        rows.append([over, signed(mean, 0.1), f"± {shown(error)}", shown(chance)])
    return rows


def placebos(material: Material) -> dict[str, Any]:
    """Return the gain and the false keeps of each placebo; no rows if the analysis was not run."""
    event = latest_analysis(material.events, "placebo")
    answer = event["answer"] if event else {}
    rows = [_placebo_row(one) for one in answer.get("climbs") or [] if isinstance(one, Mapping)]
    tries = number_at(answer, "n")
    head = ["placebo", "gain", *(f"kept by {rule}" for rule in RULES)]
    return {"head": head, "rows": rows, "n_tries": f"{tries:.0f}" if tries else ""}


def _placebo_row(one: Mapping[str, Any]) -> list[str]:
    values = one.get("val_aucs")
    known = [value for value in values if is_number(value)] if isinstance(values, list) else []
    gain = max(known) - known[0] if known else None
    keeps = [number_at(one, "false_keeps", rule) for rule in RULES]
    return [line(one.get("name", "")), signed(gain, 0.1), *("–" if k is None else f"{k:.0f}" for k in keeps)]


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
