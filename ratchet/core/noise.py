"""How much gain chance alone explains: the noise floor of a run, the line that says it, the mark beside a gain. Pure.

Covered: having picked the best of many tries. Not covered: how many exactly, for the rule was measured at about fifty;
`ratchet conclude` is the answer for one run.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from statistics import median

from ratchet.core.config import Config, Direction
from ratchet.core.records import Experiment, Verdict, baseline, best
from ratchet.core.text import delta_text, number_text

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
    """Return how many experiments were tries."""
    return sum(map(is_try, history))


def is_try(experiment: Experiment) -> bool:
    """Say whether an experiment came to a number, or to a bound, of its own; the baseline is no try."""
    is_seen = experiment.metric is not None or experiment.bound is not None
    return experiment.n > 0 and experiment.reused is None and is_seen


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
    text = f"{tried}; noise floor {number_text(floor, 4)} ({rule})"
    marked = [old.n for old in history if is_below(old, floor)]
    marks = f"{BELOW} a kept gain below it: {_named(marked)}" if marked else ""
    return "; ".join(part for part in (text, _whole(history, config, floor), marks) if part)


def _whole(history: Sequence[Experiment], config: Config, floor: float) -> str:
    """Return the whole climb, held against the floor; empty where there is none.

    Below says something. Above does not: many small steps have small standard errors, and the floor sinks with them.
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
