"""The noise floor of a run: the gain that chance alone explains. Pure.

Covered: selection of the best of many tries. Not covered: their exact number, since the rule was measured at about 50
tries; `ratchet conclude` estimates the gain of one run.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from statistics import median

from ratchet.core.config import Config, Direction
from ratchet.core.records import Experiment, Verdict, baseline, best
from ratchet.core.text import delta_text, number_text

FLOOR_SES = 1.6  # gain of the best of many useless tries, in median paired standard errors; see `noise_floor`
FLOOR_TRIES = 50  # the number of tries at which that was measured
BELOW = "≈"  # marks a kept gain below the floor
NAMED = 8  # experiments that the line names; it counts the others


def noise_floor(history: Iterable[Experiment]) -> float | None:
    """Return the gain that the best of many useless tries would show, or None without standard errors.

    Source: a rule of thumb from 14 tables, 48 candidates each, on which the best was too high by 1.6 times the median
    standard error of the paired differences (slope through 0, r = .80). With fewer tries the selection bias is smaller.
    """
    errors = [experiment.delta_se for experiment in history if experiment.delta_se is not None]
    return FLOOR_SES * median(errors) if errors else None


def count_tries(history: Iterable[Experiment]) -> int:
    """Return the number of tries."""
    return sum(map(is_try, history))


def is_try(experiment: Experiment) -> bool:
    """Say whether an experiment has a metric or bound measured for it; the baseline is not a try."""
    is_seen = experiment.metric is not None or experiment.bound is not None
    return experiment.n > 0 and experiment.reused is None and is_seen


def is_below(experiment: Experiment, floor: float | None) -> bool:
    """Say whether an experiment was kept for a gain below the noise floor."""
    if floor is None or experiment.verdict is not Verdict.KEEP or experiment.delta is None:
        return False
    return abs(experiment.delta) <= floor


def noise_line(history: Sequence[Experiment], config: Config) -> str:
    """Return one line on tries, floor and the gains below it; empty without standard errors."""
    floor, tries = noise_floor(history), count_tries(history)
    if floor is None:
        return ""
    tried = "1 try so far" if tries == 1 else f"{tries} tries so far"
    rule = f"{FLOOR_SES:g} × the median paired SE, as measured at about {FLOOR_TRIES} tries"
    text = f"{tried}; noise floor {number_text(floor, 4)} ({rule})"
    marked = [old.n for old in history if is_below(old, floor)]
    marks = f"{BELOW} a kept gain below it: {_named(marked)}" if marked else ""
    return "; ".join(part for part in (text, _whole(history, config, floor), marks) if part)


def _whole(history: Sequence[Experiment], config: Config, floor: float) -> str:
    """Compare the total gain with the floor; empty if there is no gain.

    A gain above the floor proves nothing: many small steps have small standard errors, which lower the floor.
    """
    first, top = baseline(history), best(history)
    if first is None or top is None or first is top or first.metric is None or top.metric is None:
        return ""
    sign = 1 if config.metric.direction is Direction.MAXIMIZE else -1
    change = top.metric - first.metric
    place = "above it, which proves nothing yet" if sign * change > floor else "below it"
    return f"the whole gain {delta_text(change, top.metric)} is {place}"


def _named(numbers: Sequence[int]) -> str:
    shown = ", ".join(map(str, numbers[:NAMED]))
    more = len(numbers) - NAMED
    return f"iter {shown}" + (f" and {more} more" if more > 0 else "")
