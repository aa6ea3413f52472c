"""A number against an earlier one, in words and percent. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from ratchet.core.config import Direction


class Effect(StrEnum):
    """What became of a number."""

    IMPROVEMENT = "Improvement"
    REGRESSION = "Regression"
    NO_CHANGE = "No change"
    INDETERMINATE = "Indeterminate"  # one of the two was not measured


@dataclass(frozen=True, slots=True)
class Evaluation:
    """A number against an earlier one; `percent` is None if it cannot be said, as for an earlier 0."""

    effect: Effect
    delta: float | None = None
    percent: float | None = None

    def __str__(self) -> str:
        return str(self.effect) if self.percent is None else f"{self.effect} ({self.percent:+.1f} %)"


def evaluate(new: float | None, old: float | None, direction: Direction) -> Evaluation:
    """Compare a number with an earlier one; None was not measured."""
    if new is None or old is None:
        return Evaluation(Effect.INDETERMINATE)
    delta = new - old
    percent = 100.0 * delta / abs(old) if old else None
    if delta == 0:
        return Evaluation(Effect.NO_CHANGE, 0.0, 0.0)
    is_better = (delta > 0) is (direction is Direction.MAXIMIZE)
    return Evaluation(Effect.IMPROVEMENT if is_better else Effect.REGRESSION, delta, percent)
