"""The data of every plot of a run: experiments, best so far, noise band, placebo runs. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from statistics import median
from typing import Any

from ratchet.core.config import Config, Direction
from ratchet.core.noise import noise_floor
from ratchet.core.output_parser import is_number
from ratchet.core.records import Experiment, Verdict, baseline
from ratchet.core.text import CLEAR_SES

REACH = 1.0  # the plot extends this many spans beyond the important values; dots further out are clamped to the edge


class Mark(StrEnum):
    """How an experiment is drawn; a `failed` one has no trusted number."""

    BASELINE = "baseline"
    KEPT = "kept"
    DROPPED = "dropped"
    STOPPED = "stopped"  # early: its value is the best that was still possible
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Dot:
    """One experiment in the plot."""

    n: int
    value: float | None
    mark: Mark


@dataclass(frozen=True, slots=True)
class Placebo:
    """A run on a null experiment: its best after each experiment, shifted to start at our baseline."""

    name: str
    bests: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Climb:
    """The data to plot. `steps` holds (n, value) for each new best; `low` and `high` are the range to show.

    `last_n` is the number of the last experiment, 0 for an empty run. `noise` is the largest difference that chance
    explains for one try, `floor` the value that the best of many useless tries would reach. Both are None without
    standard errors.
    """

    name: str
    is_up: bool
    dots: tuple[Dot, ...]
    steps: tuple[tuple[int, float], ...]
    placebos: tuple[Placebo, ...]
    baseline: float | None
    noise: float | None
    floor: float | None
    low: float
    high: float
    last_n: int

    @property
    def best(self) -> float | None:
        """The best value so far."""
        return self.steps[-1][1] if self.steps else None

    def clamp(self, value: float) -> float:
        """Clamp a value to the range of the plot."""
        return min(self.high, max(self.low, value))


def climb_of(history: Sequence[Experiment], config: Config, placebo: Mapping[str, Any] | None = None) -> Climb:
    """Return the plot data of a run; `placebo` is the result of the placebo analysis."""
    first, is_up = baseline(history), config.metric.direction is Direction.MAXIMIZE
    base, dots = first.metric if first else None, tuple(map(_dot, history))
    steps = tuple((old.n, old.metric) for old in history if old.verdict.advances and old.metric is not None)
    gain, sign = noise_floor([old for old in history if old.n > 0]), 1 if is_up else -1
    errors = [old.delta_se for old in history if old.delta_se is not None]
    noise = CLEAR_SES * median(errors) if errors else None
    floor = base + sign * gain if base is not None and gain is not None else None
    placebos = _placebos(placebo or {}, base, is_up=is_up)
    band = [steps[-1][1] + side * (noise or 0.0) for side in (-1, 1)] if steps else []
    core = [*(value for _, value in steps), *band, *([floor] if floor is not None else [])]
    others = [dot.value for dot in dots if dot.value is not None]
    low, high = _range(core, others, [value for one in placebos for value in one.bests])
    last_n = max((dot.n for dot in dots), default=0)
    return Climb(config.metric.name, is_up, dots, steps, placebos, base, noise, floor, low, high, last_n)


def ticks(low: float, high: float, count: int) -> list[float]:
    """Return about `count` round numbers from low to high."""
    if not high > low or count < 1:
        return [low]
    raw = (high - low) / count
    size = 10.0 ** math.floor(math.log10(raw))
    step = next(factor * size for factor in (1, 2, 5, 10) if factor * size >= raw * 0.999)
    first = math.ceil(low / step - 1e-9)
    return [number * step for number in range(first, math.floor(high / step + 1e-9) + 1)]


def _dot(old: Experiment) -> Dot:
    if old.verdict.advances and old.metric is not None:
        return Dot(old.n, old.metric, Mark.BASELINE if old.verdict is Verdict.BASELINE else Mark.KEPT)
    if old.verdict is Verdict.DISCARD and old.metric is not None:
        return Dot(old.n, old.metric, Mark.DROPPED)
    if old.verdict is Verdict.DISCARD and old.bound is not None:
        return Dot(old.n, old.bound, Mark.STOPPED)
    return Dot(old.n, None, Mark.FAILED)


def _placebos(answer: Mapping[str, Any], base: float | None, *, is_up: bool) -> tuple[Placebo, ...]:
    climbs = answer.get("climbs")
    if base is None or not isinstance(climbs, list):
        return ()
    found = [(str(one.get("name", "")), one.get("val_aucs")) for one in climbs if isinstance(one, Mapping)]
    made = [
        Placebo(name, _bests(values, base, is_up=is_up))
        for name, values in found
        if isinstance(values, list) and values and is_number(values[0])
    ]
    return tuple(made)


def _bests(values: Sequence[Any], base: float, *, is_up: bool) -> tuple[float, ...]:
    """Return the best after each value, shifted so that the first is `base`."""
    best, found = float(values[0]), []
    for value in values:
        if is_number(value):
            best = max(best, value) if is_up else min(best, value)
        found.append(base + best - values[0])
    return tuple(found)


def _range(core: Sequence[float], others: Sequence[float], placebo: Iterable[float]) -> tuple[float, float]:
    """Return the range to plot: all core values, the middle 80 % of the others, outliers up to REACH spans away."""
    ordered = sorted(others)
    middle = ordered[len(ordered) // 10 : len(ordered) - len(ordered) // 10]
    matter = [*core, *middle]
    if not matter:
        return 0.0, 1.0
    low, high = min(matter), max(matter)
    span = (high - low) or abs(high) * 0.1 or 1.0
    rest = [*ordered, *placebo]
    least, most = max(low - REACH * span, min([low, *rest])), min(high + REACH * span, max([high, *rest]))
    return least - 0.06 * span, most + 0.06 * span
