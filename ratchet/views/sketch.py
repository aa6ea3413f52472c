"""The climb drawn with letters, for a terminal. Pure."""

from __future__ import annotations

from ratchet.climb import Climb, Dot, Mark
from ratchet.words import number_text

KEPT, DROPPED, STOPPED, FAILED, LEVEL, RISER = "●", "·", "˅", "×", "─", "│"
SIGNS = {
    Mark.BASELINE: KEPT,
    Mark.KEPT: KEPT,
    Mark.DROPPED: DROPPED,
    Mark.STOPPED: STOPPED,
    Mark.FAILED: FAILED,
}
RANK = (" ", LEVEL, RISER, DROPPED, STOPPED, FAILED, KEPT)  # of two in one place the later is seen
KEY = f"{KEPT} kept  {DROPPED} discarded  {STOPPED} stopped early  {FAILED} failed"


def sketch(climb: Climb, width: int, height: int) -> list[str]:
    """Return `height` rows of at most `width` letters: a scale on the left, the plot, a rail for what failed."""
    if not climb.dots:
        return []
    heads = {0: climb.high, height - 2: climb.low}
    if climb.best is not None:
        heads[_row(climb, climb.best, height - 1)] = climb.best
    margin = max(len(number_text(value)) for value in heads.values()) + 1
    plot = _Plot(climb, max(8, width - margin), height)
    for dot in climb.dots:
        plot.dot(dot)
    plot.stairs()
    return [
        f"{number_text(heads[index]) if index in heads else '':>{margin - 1}} {row}".rstrip()
        for index, row in enumerate(plot.rows())
    ]


class _Plot:
    """A field of letters."""

    def __init__(self, climb: Climb, width: int, height: int) -> None:
        self._climb, self._width, self._height = climb, width, height
        self._cells = [[" "] * width for _ in range(height)]

    def rows(self) -> list[str]:
        return ["".join(cells) for cells in self._cells]

    def dot(self, dot: Dot) -> None:
        row = self._height - 1 if dot.value is None else _row(self._climb, dot.value, self._height - 1)
        self._put(row, self._column(dot.n), SIGNS[dot.mark])

    def stairs(self) -> None:
        """Draw the best so far, from its first measurement to the right edge."""
        steps = self._climb.steps
        for (n, value), (end, following) in zip(steps, [*steps[1:], (self._climb.last_n, None)], strict=True):
            row = _row(self._climb, value, self._height - 1)
            for column in range(self._column(n), self._column(end) + 1):
                self._put(row, column, LEVEL)
            if following is not None:
                to = _row(self._climb, following, self._height - 1)
                for between in range(min(row, to) + 1, max(row, to)):
                    self._put(between, self._column(end), RISER)

    def _column(self, n: int) -> int:
        return round(n * (self._width - 1) / self._climb.last_n) if self._climb.last_n else 0

    def _put(self, row: int, column: int, sign: str) -> None:
        if RANK.index(sign) > RANK.index(self._cells[row][column]):
            self._cells[row][column] = sign


def _row(climb: Climb, value: float, height: int) -> int:
    """Return the row of a value, 0 the highest."""
    share = (climb.clamp(value) - climb.low) / (climb.high - climb.low)
    return round((1 - share) * (height - 1))
