"""The sections about how much of the gain is real: the analyses `conclude` and `placebo`, or the noise floor. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ratchet.core.noise import FLOOR_TRIES
from ratchet.core.output_parser import is_number
from ratchet.core.records import best
from ratchet.core.text import number_text
from ratchet.core.trajectory import climb_of
from ratchet.repo.journal import latest_analysis
from ratchet.views.report.markup import code, line, number_at, paragraph, section, shown, signed, table
from ratchet.views.report.material import Material

SUPPORTED = "supported"
RULES = ("strict", "margin", "confirm")


def verdict_section(material: Material) -> str:
    """Return the conclusion of the harness, or else the comparison with the noise floor."""
    title, event = "How much of it is real?", latest_analysis(material.events, "conclude")
    if event is not None:
        return section("real", title, *_concluded(material, event))
    climb, top = climb_of(material.history, material.config), best(material.history)
    if top is None or climb.baseline is None or climb.best is None or not material.kept:
        return section("real", title, paragraph("No experiment was kept, so there is no gain."))
    gain = climb.best - climb.baseline
    if climb.floor is None:
        text = "No standard errors were measured, so it is unknown how much of the gain is chance."
    else:
        is_above = climb.best > climb.floor if climb.is_up else climb.best < climb.floor
        side = "beyond" if is_above else "within"
        text = (
            f"The gain of {signed(gain, climb.best)} is <b>{side} the noise floor</b> of "
            f"{number_text(abs(climb.floor - climb.baseline))}, a rule of thumb for about {FLOOR_TRIES} tries "
            "on a small table."
        )
    return section("real", title, _word(text, is_good=False), _how_to_conclude(material))


def _how_to_conclude(material: Material) -> str:
    if not material.config.serve:
        return ""
    return paragraph(f"{code('uv run ratchet conclude')} estimates the gain corrected for picking the best of many.")


def _word(html: str, *, is_good: bool) -> str:
    return f'<p class="word{" good" if is_good else ""}">{html}</p>'


def _concluded(material: Material, event: Mapping[str, Any]) -> list[str]:
    answer = event["answer"]
    word, reasons = str(answer.get("word", "")), line(answer.get("reasons", ""), 1000)
    parts = [_word(f"The gain is <b>{line(word)}</b>{': ' if reasons else ''}{reasons}.", is_good=word == SUPPORTED)]
    parts.append(table(["gain", "", "interval or error", "P(no gain)"], _gain_rows(answer), n_texts=1))
    counts = [
        f"{answer.get('n_comparisons')} comparisons were made" if answer.get("n_comparisons") is not None else "",
        f"stopped early: {answer.get('n_stopped_early')}" if answer.get("n_stopped_early") else "",
    ]
    if any(counts):
        parts.append(paragraph(line("; ".join(filter(None, counts))) + "."))
    parts.append(_calibration(answer))
    parts.append(paragraph(line(answer.get("caveat", ""), 1000), "soft") if answer.get("caveat") else "")
    last, upto = max((old.n for old in material.history), default=0), event.get("upto")
    if upto is not None and upto < last:
        parts.append(
            paragraph(f"Computed at experiment {line(upto)}. The run has continued to experiment {last}.", "bad")
        )
    return parts


def _calibration(answer: Mapping[str, Any]) -> str:
    """Return how well the predictions of the change matched the measured change."""
    hits, count, error = (number_at(answer, "calibration", key) for key in ("sign_hits", "n", "mean_absolute_error"))
    if hits is None or not count:
        return ""
    return paragraph(
        f"{hits:.0f} of {count:.0f} predictions had the right sign. The mean absolute error is {shown(error)}."
    )


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


def placebo_section(material: Material) -> str:
    """Return the gain and the false keeps of each placebo, if the analysis was run."""
    event = latest_analysis(material.events, "placebo")
    climbs = event["answer"].get("climbs") if event else None
    rows = [_placebo_row(one) for one in climbs or [] if isinstance(one, Mapping)]
    if not rows or event is None:
        return ""
    tries = number_at(event["answer"], "n")
    label = f"{tries:.0f} tries each that cannot be better." if tries else "Tries that cannot be better."
    note = paragraph(f"{label} Each experiment that a rule keeps is a false keep.", "soft")
    return section("placebo", "Placebos", note, table(["placebo", "gain", *(f"kept by {r}" for r in RULES)], rows))


def _placebo_row(one: Mapping[str, Any]) -> list[str]:
    values = one.get("val_aucs")
    known = [value for value in values if is_number(value)] if isinstance(values, list) else []
    gain = max(known) - known[0] if known else None
    keeps = [number_at(one, "false_keeps", rule) for rule in RULES]
    return [line(one.get("name", "")), signed(gain, 0.1), *("–" if k is None else f"{k:.0f}" for k in keeps)]
