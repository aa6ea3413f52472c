"""The figure of the report: the climb as SVG. Pure.

It is drawn here and not by matplotlib because it is interactive: each dot is a link to its experiment, has a label for
screen readers, takes its colours from the page, and needs no script.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from html import escape
from math import ceil

from ratchet.core.text import number_text
from ratchet.core.trajectory import Climb, Dot, Mark, ticks
from ratchet.views.axes import Corners, best_line, placebo_line, x_share, y_share
from ratchet.views.report.markup import line

APART = 15.0  # pixels between the baselines of two labels
SHAPES = {
    Mark.BASELINE: '<circle r="5"/>',
    Mark.KEPT: '<circle r="5.5"/>',
    Mark.DROPPED: '<circle r="3.5"/>',
    Mark.STOPPED: '<path d="M-4-3h8l-4 7z"/>',
    Mark.FAILED: '<path d="M-3.5-3.5l7 7m0-7l-7 7"/>',
}
MARK_NAMES = {Mark.STOPPED: "stopped early", Mark.FAILED: "failed", Mark.DROPPED: "discarded"}


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


class Scale:
    """Map experiments and values to pixels of a frame."""

    def __init__(self, climb: Climb, frame: Frame) -> None:
        self._climb, self._frame = climb, frame
        self.start, self.end = frame.left + 12.0, float(frame.width - frame.right)

    def x(self, n: float) -> float:
        """Return the x coordinate of experiment n."""
        return self.start + (self.end - self.start) * x_share(self._climb, n)

    def y(self, value: float) -> float:
        """Return the y coordinate of a value."""
        return self._frame.floor_y - y_share(self._climb, value) * (self._frame.floor_y - self._frame.top)

    def at(self, dot: Dot) -> tuple[float, float]:
        """Return the coordinates of a dot; one without a value is drawn below the plot."""
        return self.x(dot.n), self._frame.floor_y + 16.0 if dot.value is None else self.y(dot.value)


def draw(climb: Climb, frame: Frame, listed: Collection[int]) -> str:
    """Return the figure of a climb; experiments in `listed` are links to `#eN`."""
    scale = Scale(climb, frame)
    parts = [
        _grid(climb, frame, scale),
        _band(climb, scale),
        _lines(climb, frame, scale),
        _bulk(climb, scale, listed),
        _dots(climb, scale, listed),
        _names(climb, frame, scale),
    ]
    head = (
        f'<svg class="climb {frame.name}" viewBox="0 0 {frame.width} {frame.height}" role="group" '
        f'aria-label="{escape(line(climb.name))} of each experiment. Arrow keys go from dot to dot, Enter shows one.">'
    )
    return "\n".join([head, *(part for part in parts if part), "</svg>"])


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


def _grid(climb: Climb, frame: Frame, scale: Scale) -> str:
    rows, bottom = [], frame.height - 26
    for value in ticks(climb.low, climb.high, 5) if climb.steps or climb.dots else []:
        y = scale.y(value)
        rows.append(f'<path class="grid" d="M{frame.left} {y:.1f}H{scale.end:.0f}"/>')
        rows.append(f'<text x="{frame.left - 8}" y="{y + 4:.1f}" text-anchor="end">{number_text(value)}</text>')
    count = 10 if frame.width > 600 else 5
    for n in _whole_ticks(climb.last_n, count):
        rows.append(f'<text x="{scale.x(n):.1f}" y="{bottom}" text-anchor="middle">{n}</text>')
    middle = (scale.start + scale.end) / 2
    rows.append(f'<text x="{middle:.0f}" y="{frame.height - 6}" text-anchor="middle">experiment</text>')
    return "\n".join(rows)


def _band(climb: Climb, scale: Scale) -> str:
    """Draw the noise of one difference around the best so far."""
    if climb.noise is None or not climb.steps:
        return ""
    corners = [*best_line(climb, climb.noise), *reversed(best_line(climb, -climb.noise))]
    return f'<path class="band" d="{_path(corners, scale)}z"/>'


def _path(corners: Corners, scale: Scale) -> str:
    return "M" + "L".join(f"{scale.x(n):.1f} {scale.y(value):.1f}" for n, value in corners)


def _lines(climb: Climb, frame: Frame, scale: Scale) -> str:
    rows = []
    for kind, value in (("base", climb.baseline), ("floor", climb.floor)):
        if value is not None:
            rows.append(f'<path class="{kind}" d="M{frame.left} {scale.y(value):.1f}H{scale.end:.0f}"/>')
    for number, placebo in enumerate(climb.placebos):
        rows.append(f'<path class="placebo p{number % 3}" d="{_path(placebo_line(climb, placebo), scale)}"/>')
    if corners := best_line(climb):
        rows.append(f'<path class="stairs" d="{_path(corners, scale)}"/>')
    return "\n".join(rows)


def _bulk(climb: Climb, scale: Scale, listed: Collection[int]) -> str:
    """Draw the experiments that the page does not list as one path of dots."""
    spots = (scale.at(dot) for dot in climb.dots if dot.n not in listed)
    path = "".join(f"M{x:.1f} {y:.1f}h0" for x, y in spots)
    return f'<path class="bulk" d="{path}"/>' if path else ""


def _dots(climb: Climb, scale: Scale, listed: Collection[int]) -> str:
    """Draw the listed experiments, the kept ones on top. The Tab key enters at the last kept one."""
    shown = sorted((dot for dot in climb.dots if dot.n in listed), key=lambda dot: dot.mark in _ON_TOP)
    enter = climb.steps[-1][0] if climb.steps else climb.last_n
    return "\n".join(_dot(dot, scale.at(dot), is_entry=dot.n == enter) for dot in shown)


_ON_TOP = {Mark.BASELINE, Mark.KEPT}


def _dot(dot: Dot, at: tuple[float, float], *, is_entry: bool) -> str:
    value = f" {number_text(dot.value)}" if dot.value is not None else ""
    label = f"iter {dot.n}:{value} {MARK_NAMES.get(dot.mark, dot.mark)}"
    return (
        f'<a href="#e{dot.n}" class="dot {dot.mark}" tabindex="{0 if is_entry else -1}" aria-label="{label}" '
        f'transform="translate({at[0]:.1f},{at[1]:.1f})">{SHAPES[dot.mark]}</a>'
    )


def _names(climb: Climb, frame: Frame, scale: Scale) -> str:
    """Write the name of each line to the right of the plot."""
    is_wide = frame.width > 600
    found = [("best", climb.best, f"{'best ' if is_wide else ''}{number_text(climb.best)}")]
    found.append(("base", climb.baseline, f"baseline {number_text(climb.baseline)}" if is_wide else "baseline"))
    found.append(("floor", climb.floor, "noise floor"))
    for number, placebo in enumerate(climb.placebos):
        label = f"placebo: {escape(line(placebo.name, 16))}" if is_wide else escape(line(placebo.name, 13))
        value = placebo.bests[min(climb.last_n, len(placebo.bests) - 1)]
        beyond = "" if climb.clamp(value) == value else " ↑" if value > climb.high else " ↓"
        found.append((f"p{number % 3}", value, label + beyond))
    known = [(kind, value, label) for kind, value, label in found if value is not None]
    rows = spread([scale.y(value) for _, value, _ in known], frame.top + 8.0, frame.floor_y)
    texts = [
        f'<text class="name {kind}" x="{scale.end + 8:.0f}" y="{y + 4:.1f}">{label}</text>'
        for (kind, _, label), y in zip(known, rows, strict=True)
    ]
    if any(dot.mark is Mark.FAILED for dot in climb.dots):
        texts.append(f'<text class="name" x="{scale.end + 8:.0f}" y="{frame.floor_y + 20:.0f}">failed</text>')
    return "\n".join(texts)


def _whole_ticks(last: int, count: int) -> list[int]:
    if last <= count:
        return list(range(last + 1))
    step = next(
        s for s in (1, 2, 5, 10, 20, 25, 50, 100, 200, 250, 500, *range(1000, last + 1000, 1000)) if last / s <= count
    )
    return list(range(0, last + 1, ceil(step)))
