"""Axes and lines of a climb, shared by every drawing of it: terminal, matplotlib figure and SVG. Pure.

Lines are corners (experiment, value); each drawing maps them to characters, points or pixels.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ratchet.core.config import Config
from ratchet.core.records import Experiment
from ratchet.core.trajectory import Climb, Placebo, climb_of
from ratchet.repo.journal import Event, latest_analysis

Corners = list[tuple[float, float]]


def climb_in(events: Sequence[Event], history: Sequence[Experiment], config: Config) -> Climb:
    """Return the climb of a run with the latest placebo analysis of its journal."""
    found = latest_analysis(events, "placebo")
    return climb_of(history, config, found["answer"] if found else None)


def x_share(climb: Climb, n: float) -> float:
    """Return where experiment n is on the x axis, from 0 (left) to 1 (right)."""
    return n / climb.last_n if climb.last_n else 0.0


def y_share(climb: Climb, value: float) -> float:
    """Return where a value is on the y axis, from 0 (bottom) to 1 (top). A value outside is drawn at the edge."""
    return (climb.clamp(value) - climb.low) / (climb.high - climb.low)


def best_line(climb: Climb, shift: float = 0.0) -> Corners:
    """Return the best so far, from its first measurement to the last experiment, moved up by `shift`."""
    return _stairs(climb, ((n, value + shift) for n, value in climb.steps))


def placebo_line(climb: Climb, placebo: Placebo) -> Corners:
    """Return the best of a placebo after each of its tries, as far as the run has come."""
    bests = placebo.bests[: climb.last_n + 1]
    changes = [(n, value) for n, value in enumerate(bests) if n == 0 or value != bests[n - 1]]
    return _stairs(climb, changes, end=len(bests) - 1)


def _stairs(climb: Climb, steps: Iterable[tuple[int, float]], end: int | None = None) -> Corners:
    """Return the corners of a staircase that is level from each step to the next."""
    corners: Corners = []
    for n, value in steps:
        y = climb.clamp(value)
        corners += [(n, corners[-1][1]), (n, y)] if corners else [(n, y)]
    return [*corners, (climb.last_n if end is None else end, corners[-1][1])] if corners else []
