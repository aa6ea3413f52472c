"""Charts of a run for a terminal: the climb as a plot, and one bar for each experiment. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from ratchet.core.config import Config, Metric
from ratchet.core.noise import BELOW, is_below, noise_floor
from ratchet.core.records import Experiment, best
from ratchet.core.table import closing_lines, excerpt
from ratchet.core.text import STATUS_WORDS, number_text, value_text
from ratchet.core.trajectory import Climb, Mark
from ratchet.views.axes import best_line, x_share, y_share

KEPT, DROPPED, STOPPED, FAILED, LEVEL, RISER = "●", "·", "˅", "×", "─", "│"
SIGNS = {Mark.BASELINE: KEPT, Mark.KEPT: KEPT, Mark.DROPPED: DROPPED, Mark.STOPPED: STOPPED, Mark.FAILED: FAILED}
RANK = (" ", LEVEL, RISER, DROPPED, STOPPED, FAILED, KEPT)  # of two signs in one place, the later one is shown
KEY = f"{KEPT} kept  {DROPPED} discarded  {STOPPED} stopped early  {FAILED} failed"


def sketch(climb: Climb, width: int, height: int) -> list[str]:
    """Return `height` rows of at most `width` characters: the y axis, the plot, and a last row for failures."""
    if not climb.dots:
        return []
    heads = {0: climb.high, height - 2: climb.low}
    if climb.best is not None:
        heads[_row(climb, climb.best, height - 1)] = climb.best
    margin = max(len(number_text(value)) for value in heads.values()) + 1
    width, bottom = max(8, width - margin), height - 1
    cells = [[" "] * width for _ in range(height)]
    for row, column, sign in _signs(climb, width, bottom):
        if RANK.index(sign) > RANK.index(cells[row][column]):
            cells[row][column] = sign
    return [
        f"{number_text(heads[index]) if index in heads else '':>{margin - 1}} {''.join(row)}".rstrip()
        for index, row in enumerate(cells)
    ]


def _signs(climb: Climb, width: int, bottom: int) -> Iterator[tuple[int, int, str]]:
    """Yield the row, the column and the sign of each dot, then those of the best so far."""
    for dot in climb.dots:
        row = bottom if dot.value is None else _row(climb, dot.value, bottom)
        yield row, _column(climb, dot.n, width), SIGNS[dot.mark]
    for (n, value), (to_n, to_value) in pairwise(best_line(climb)):
        row, to_row = (_row(climb, end, bottom) for end in (value, to_value))
        column, to_column = (_column(climb, end, width) for end in (n, to_n))
        if value == to_value:
            yield from ((row, between, LEVEL) for between in range(column, to_column + 1))
        yield from ((between, to_column, RISER) for between in range(min(row, to_row) + 1, max(row, to_row)))


def _column(climb: Climb, n: float, width: int) -> int:
    return round(x_share(climb, n) * (width - 1))


def _row(climb: Climb, value: float, height: int) -> int:
    """Return the row of a value; row 0 is the top."""
    return round((1 - y_share(climb, value)) * (height - 1))


KEPT_BAR, DROPPED_BAR, MARK = "█", "░", " * best"
LONG = 60  # bars
NARROW = 0.2  # below this spread of the values, relative to their size, bars do not start at zero


def bars(history: Sequence[Experiment], config: Config, *, width: int) -> str:
    """Return one bar for every experiment, at most `width` characters long, with a legend."""
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
    sign = KEPT_BAR if experiment.verdict.advances else DROPPED_BAR
    return f"{head}{sign * max(1, min(width, length))} {number_text(experiment.metric)}"


def _scale(values: Sequence[float]) -> tuple[float, float]:
    """Return where bars start and end. They start at zero if that shows the differences, else just below the lowest."""
    if not values:
        return 0.0, 1.0
    low, high = min(values), max(values)
    size = max(abs(low), abs(high))
    if low >= 0 and (high - low) > NARROW * size:
        return 0.0, high
    return low - 0.25 * ((high - low) or size or 1.0), high
