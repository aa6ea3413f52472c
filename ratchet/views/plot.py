"""The climb as bars of text. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from ratchet.noise import BELOW, is_below, noise_floor
from ratchet.records import Experiment, best
from ratchet.schema import Config, Metric
from ratchet.tables import closing_lines, excerpt
from ratchet.words import STATUS_WORDS, number_text, value_text

KEPT, DROPPED, MARK = "█", "░", " * best"
LONG = 60  # bars
NARROW = 0.2  # spread of the values over their size below which bars do not start at zero


def bars(history: Sequence[Experiment], config: Config, *, width: int) -> str:
    """Return a bar for every experiment, at most `width` characters long, and a line that says what they mean."""
    shown, top = excerpt(history, LONG), best(history)
    values = [
        experiment.metric for experiment in shown if experiment.metric is not None and experiment.verdict.is_believed
    ]
    start, end = _scale(values)
    lines = [f"{config.metric.name} ({config.metric.direction}); bars start at {number_text(start)}"] if values else []
    floor = noise_floor(history)
    for experiment in shown:
        mark = MARK if top is not None and experiment.n == top.n else ""
        below = f" {BELOW}" if is_below(experiment, floor) else ""
        lines.append(_line(experiment, config.metric, start, end, width) + below + mark)
    if len(shown) < len(history):
        lines.append(f"{len(history) - len(shown)} of {len(history)} experiments are not shown")
    if values:
        lines.append(f"{KEPT} kept  {DROPPED} dropped")
    return "\n".join([*lines, *closing_lines(history, config)])


def _line(experiment: Experiment, metric: Metric, start: float, end: float, width: int) -> str:
    head = f"{experiment.n:>5} {STATUS_WORDS[experiment.verdict].lower():<9} "
    if experiment.metric is None or not experiment.verdict.is_believed:
        return f"{head}- {value_text(experiment, metric)}".rstrip()
    length = round(width * (experiment.metric - start) / (end - start)) if end > start else width
    sign = KEPT if experiment.verdict.advances else DROPPED
    return f"{head}{sign * max(1, min(width, length))} {number_text(experiment.metric)}"


def _scale(values: Sequence[float]) -> tuple[float, float]:
    """Return where bars start and end: at zero where that shows the differences, else a little below the least."""
    if not values:
        return 0.0, 1.0
    low, high = min(values), max(values)
    size = max(abs(low), abs(high))
    if low >= 0 and (high - low) > NARROW * size:
        return 0.0, high
    return low - 0.25 * ((high - low) or size or 1.0), high
