"""How much gain chance alone explains: the noise floor of a run, the line that says it, the mark beside a gain. Pure.

Covered: having picked the best of many tries. Not covered: how many exactly, for the rule was measured at about fifty;
`ratchet conclude` is the answer for one run.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from statistics import median

from ratchet.records import Experiment, Verdict, baseline, best
from ratchet.schema import Config, Direction
from ratchet.words import delta_text, number_text

FLOOR_SES = 1.6  # what the best of many tries owes to chance, in median paired standard errors; see `noise_floor`
FLOOR_TRIES = 50  # the number of tries at which that was measured
BELOW = "≈"  # stands beside a kept gain that is below the floor
NAMED = 8  # experiments that the line names before it only counts


def noise_floor(history: Iterable[Experiment]) -> float | None:
    """Return the gain that the best of many useless tries would show, or None where no standard error was measured.

    Source: a rule of thumb from 14 tables, 48 candidates each: the number of the best was too high by 1.6 times the
    median standard error of the paired differences (slope through 0, r = .80). Fewer tries leave less to choose from.
    """
    errors = [experiment.delta_se for experiment in history if experiment.delta_se is not None]
    return FLOOR_SES * median(errors) if errors else None


def count_tries(history: Iterable[Experiment]) -> int:
    """Return how many experiments came to a number, or to a bound, of their own; the baseline is none."""
    return sum(
        old.n > 0 and old.reused is None and (old.metric is not None or old.bound is not None) for old in history
    )


def is_below(experiment: Experiment, floor: float | None) -> bool:
    """Say whether an experiment was kept for a gain that chance alone explains."""
    if floor is None or experiment.verdict is not Verdict.KEEP or experiment.delta is None:
        return False
    return abs(experiment.delta) <= floor


def noise_line(history: Sequence[Experiment], config: Config) -> str:
    """Return one line on tries, floor and the gains below it; empty where no standard error was measured."""
    floor, tries = noise_floor(history), count_tries(history)
    if floor is None:
        return ""
    tried = "1 try so far" if tries == 1 else f"{tries} tries so far"
    rule = f"{FLOOR_SES:g} × the median paired SE, as measured at about {FLOOR_TRIES} tries"
    said = f"{tried}; noise floor {number_text(floor, 4)} ({rule})"
    marked = [old.n for old in history if is_below(old, floor)]
    marks = f"{BELOW} a kept gain below it: {_named(marked)}" if marked else ""
    return "; ".join(part for part in (said, _whole(history, config), marks) if part)


def _whole(history: Sequence[Experiment], config: Config) -> str:
    """Return the whole climb, held against a floor of its own; empty where its standard error is not known.

    Small steps have small standard errors, and the floor sinks with them; the winner is no nearer to the baseline for
    that. The error of the whole is the root of the sum of squares over the steps, as if they were independent.
    """
    first, top = baseline(history), best(history)
    steps = [old.delta_se for old in history if old.verdict is Verdict.KEEP]
    if first is None or top is None or first.metric is None or top.metric is None or not steps or None in steps:
        return ""
    sign = 1 if config.metric.direction is Direction.MAXIMIZE else -1
    change, floor = top.metric - first.metric, FLOOR_SES * math.hypot(*(error for error in steps if error is not None))
    place = "above" if sign * change > floor else "below"
    return f"the whole gain {delta_text(change, top.metric)} is {place} its own floor {number_text(floor, 4)}"


def _named(numbers: Sequence[int]) -> str:
    shown = ", ".join(map(str, numbers[:NAMED]))
    more = len(numbers) - NAMED
    return f"iter {shown}" + (f" and {more} more" if more > 0 else "")
