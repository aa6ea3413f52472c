"""The figure of the report: a climb in the pixels of a frame, which climb.svg draws. Pure.

It is not the figure of matplotlib, because it is interactive: each dot is a link to its experiment, has a label for
screen readers, takes its colours from the page, and needs no script. The page allows no style attribute, in which
matplotlib writes all that it draws, and the engine is installed without matplotlib.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from ratchet.core.text import number_text
from ratchet.core.trajectory import Climb, Dot, Mark, ticks
from ratchet.views.axes import Corners, best_line, placebo_line, x_share, y_share
from ratchet.views.report.markup import line

APART = 15.0  # pixels between the baselines of two labels
WORDS = {Mark.STOPPED: "stopped early", Mark.FAILED: "failed", Mark.DROPPED: "discarded"}
STEPS = (1, 2, 5, 10, 20, 25, 50, 100, 200, 250, 500)  # between the numbers of the x axis; multiples of 1000 beyond


@dataclass(frozen=True, slots=True)
class Frame:
    """The size and margins of a figure in pixels. The right margin holds the names of the lines."""

    name: str
    width: int
    height: int
    right: int
    left: int = 58
    top: int = 14
    bottom: int = 62

    @property
    def floor_y(self) -> float:
        """The bottom of the plot; failed experiments are drawn below it."""
        return self.height - self.bottom


WIDE = Frame("wide", 1000, 430, 190)
NARROW = Frame("narrow", 360, 360, 94, left=52)


class Drawing:
    """A climb in the pixels of a frame; experiments in `listed` are links to `#eN`, the others are small dots."""

    def __init__(self, climb: Climb, frame: Frame, listed: Collection[int]) -> None:
        self.climb, self.frame = climb, frame
        self.start, self.end = frame.left + 12.0, float(frame.width - frame.right)
        self.values = ticks(climb.low, climb.high, 5) if climb.steps or climb.dots else []
        self.numbers = _whole_ticks(climb.last_n, 10 if frame.width > 600 else 5)
        lines = [("stairs", best_line(climb))]
        self.stairs = [(f"placebo p{i % 3}", placebo_line(climb, one)) for i, one in enumerate(climb.placebos)] + lines
        self.levels = [("base", climb.baseline), ("floor", climb.floor)]
        self.unlisted = [dot for dot in climb.dots if dot.n not in listed]
        self.dots = sorted((dot for dot in climb.dots if dot.n in listed), key=_is_on_top)
        self.entry = climb.steps[-1][0] if climb.steps else climb.last_n  # where the Tab key enters
        self.has_failed = any(dot.mark is Mark.FAILED for dot in climb.dots)

    def x(self, n: float) -> float:
        """Return the x coordinate of experiment n."""
        return self.start + (self.end - self.start) * x_share(self.climb, n)

    def y(self, value: float) -> float:
        """Return the y coordinate of a value."""
        return self.frame.floor_y - y_share(self.climb, value) * (self.frame.floor_y - self.frame.top)

    def dot_y(self, dot: Dot) -> float:
        """Return the y coordinate of a dot; one without a value is drawn below the plot."""
        return self.frame.floor_y + 16.0 if dot.value is None else self.y(dot.value)

    def path(self, corners: Corners) -> str:
        """Return the path through corners."""
        return "M" + "L".join(f"{self.x(n):.1f} {self.y(value):.1f}" for n, value in corners)

    def word(self, dot: Dot) -> str:
        """Return how a dot ended, in words."""
        return WORDS.get(dot.mark, dot.mark)

    @property
    def band(self) -> Corners:
        """The noise of one difference around the best so far."""
        noise = self.climb.noise
        if noise is None or not self.climb.steps:
            return []
        return [*best_line(self.climb, noise), *reversed(best_line(self.climb, -noise))]

    @property
    def names(self) -> list[tuple[str, str, float]]:
        """The name of each line, to the right of the plot, and where it stands."""
        climb, is_wide = self.climb, self.frame.width > 600
        found = [("best", climb.best, f"{'best ' if is_wide else ''}{number_text(climb.best)}")]
        found.append(("base", climb.baseline, f"baseline {number_text(climb.baseline)}" if is_wide else "baseline"))
        found.append(("floor", climb.floor, "noise floor"))
        for number, placebo in enumerate(climb.placebos):
            label = f"placebo: {line(placebo.name, 16)}" if is_wide else line(placebo.name, 13)
            value = placebo.bests[min(climb.last_n, len(placebo.bests) - 1)]
            beyond = "" if climb.clamp(value) == value else " ↑" if value > climb.high else " ↓"
            found.append((f"p{number % 3}", value, label + beyond))
        known = [(kind, value, label) for kind, value, label in found if value is not None]
        rows = spread([self.y(value) for _, value, _ in known], self.frame.top + 8.0, self.frame.floor_y)
        return [(kind, label, y + 4) for (kind, _, label), y in zip(known, rows, strict=True)]


def spread(rows: Sequence[float], low: float, high: float) -> list[float]:
    """Return y coordinates for labels at `rows`, moved so that no two overlap."""
    order = sorted(range(len(rows)), key=lambda index: rows[index])
    placed, last = list(rows), low - APART
    for index in order:
        last = placed[index] = max(rows[index], last + APART)
    limit = high
    for index in reversed(order):
        limit = placed[index] = min(placed[index], limit)
        limit -= APART
    return placed


def _is_on_top(dot: Dot) -> bool:
    return dot.mark in {Mark.BASELINE, Mark.KEPT}


def _whole_ticks(last: int, count: int) -> list[int]:
    step = next(step for step in (*STEPS, *range(1000, last + 1000, 1000)) if last <= step * count)
    return list(range(0, last + 1, step))
