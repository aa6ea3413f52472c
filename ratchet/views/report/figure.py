"""The climb as SVG, in a given frame. Pure.

Each experiment that is listed on the page is a link to its entry, so that the figure works without any script.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from math import ceil

from ratchet.core.text import number_text
from ratchet.core.trajectory import Climb, Dot, Mark, Placebo, ticks
from ratchet.views.report.markup import line

APART = 15.0  # between two labels, one above the other
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
    """A space to draw in, in pixels: `right` is kept for the names of lines."""

    name: str
    width: int
    height: int
    right: int
    left: int = 58
    top: int = 14
    bottom: int = 62

    @property
    def floor_y(self) -> float:
        """Where the plot ends and the rail of the failed begins."""
        return self.height - self.bottom


WIDE = Frame("wide", 1000, 430, 190)
NARROW = Frame("narrow", 360, 360, 94, left=52)


class Scale:
    """Where a number lies in a frame."""

    def __init__(self, climb: Climb, frame: Frame) -> None:
        self._climb, self._frame = climb, frame
        self.start, self.end = frame.left + 12.0, float(frame.width - frame.right)

    def x(self, n: float) -> float:
        """Return the column of experiment n."""
        last = self._climb.last_n
        return self.start + (self.end - self.start) * (n / last if last else 0.5)

    def y(self, value: float) -> float:
        """Return the row of a value; one outside of the picture stands at its edge."""
        low, high, top = self._climb.low, self._climb.high, self._frame.top
        share = (self._climb.clamp(value) - low) / (high - low)
        return self._frame.floor_y - share * (self._frame.floor_y - top)

    def at(self, dot: Dot) -> tuple[float, float]:
        """Return where a dot lies: what has no number lies on the rail below the plot."""
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
        f'aria-label="{line(climb.name)} of each experiment. Arrow keys go from dot to dot, Enter shows one.">'
    )
    return "\n".join([head, *(part for part in parts if part), "</svg>"])


def spread(rows: Sequence[float], low: float, high: float) -> list[float]:
    """Return rows for labels, in the given order of height, moved so that none hides another."""
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
    """Draw how far one difference, taken alone, may be chance, around the best so far."""
    if climb.noise is None or not climb.steps:
        return ""
    upper = _stairs(climb, scale, climb.noise)
    lower = _stairs(climb, scale, -climb.noise)
    points = [*upper, *reversed(lower)]
    return f'<path class="band" d="M{"L".join(f"{x:.1f} {y:.1f}" for x, y in points)}z"/>'


def _stairs(climb: Climb, scale: Scale, shift: float = 0.0) -> list[tuple[float, float]]:
    """Return the corners of the best so far, from its first measurement to the end."""
    corners: list[tuple[float, float]] = []
    for n, value in climb.steps:
        x, y = scale.x(n), scale.y(value + shift)
        corners += [(x, corners[-1][1]), (x, y)] if corners else [(x, y)]
    return [*corners, (scale.end, corners[-1][1])] if corners else []


def _lines(climb: Climb, frame: Frame, scale: Scale) -> str:
    rows = []
    for kind, value in (("base", climb.baseline), ("floor", climb.floor)):
        if value is not None:
            rows.append(f'<path class="{kind}" d="M{frame.left} {scale.y(value):.1f}H{scale.end:.0f}"/>')
    for number, placebo in enumerate(climb.placebos):
        rows.append(f'<path class="placebo p{number % 3}" d="{_placebo_path(climb, placebo, scale)}"/>')
    if corners := _stairs(climb, scale):
        rows.append(f'<path class="stairs" d="M{"L".join(f"{x:.1f} {y:.1f}" for x, y in corners)}"/>')
    return "\n".join(rows)


def _placebo_path(climb: Climb, placebo: Placebo, scale: Scale) -> str:
    """Return the stairs of a climb on nothing; only where its best changed is there a corner."""
    bests = placebo.bests[: climb.last_n + 1]
    path, before = f"M{scale.x(0):.1f} {scale.y(bests[0]):.1f}", bests[0]
    for n, value in enumerate(bests):
        if value != before:
            path += f"H{scale.x(n):.1f}V{scale.y(value):.1f}"
            before = value
    return f"{path}H{scale.x(len(bests) - 1):.1f}"


def _bulk(climb: Climb, scale: Scale, listed: Collection[int]) -> str:
    """Draw what is too much to be listed as a path of dots."""
    spots = (scale.at(dot) for dot in climb.dots if dot.n not in listed)
    path = "".join(f"M{x:.1f} {y:.1f}h0" for x, y in spots)
    return f'<path class="bulk" d="{path}"/>' if path else ""


def _dots(climb: Climb, scale: Scale, listed: Collection[int]) -> str:
    """Draw the listed ones, the kept on top of the others; the last kept is where the Tab key enters."""
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
    """Write beside the plot what each line is."""
    is_wide = frame.width > 600
    found = [("best", climb.best, f"{'best ' if is_wide else ''}{number_text(climb.best)}")]
    found.append(("base", climb.baseline, f"baseline {number_text(climb.baseline)}" if is_wide else "baseline"))
    found.append(("floor", climb.floor, "noise floor"))
    for number, placebo in enumerate(climb.placebos):
        label = f"placebo: {line(placebo.name, 16)}" if is_wide else line(placebo.name, 13)
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
