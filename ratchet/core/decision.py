"""Decide whether a measurement is kept, given the best so far. Pure.

A metric that was not measured is None: it never wins and never passes a constraint.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ratchet.core.config import Config, Constraint, Direction, Metric, Rule
from ratchet.core.records import NO_CHANGE, CodeSize, Ending, Experiment, Measurement, Verdict, best, unchanged_in_a_row
from ratchet.core.text import number_text

EQUAL = 1e-6  # metrics this close are equal, and then the simpler code wins
UNKNOWN = CodeSize()
Numbers = Mapping[str, float | None]


@dataclass(frozen=True, slots=True)
class Judgement:
    """A verdict with its reason and warnings."""

    verdict: Verdict
    reason: str = ""
    delta: float | None = None
    warnings: tuple[str, ...] = ()
    confirm_delta: float | None = None


LOOK = "look before you believe it"
_FAILED = {Ending.TIMEOUT: Verdict.TIMEOUT, Ending.CRASH: Verdict.CRASH, Ending.REJECT: Verdict.REJECT}


def judge(
    measured: Measurement, history: Sequence[Experiment], config: Config, *, size: CodeSize = UNKNOWN
) -> Judgement:
    """Return the verdict on a measurement, given the history of its run; the first measurement is the baseline."""
    if measured.ending in _FAILED:
        return Judgement(_FAILED[measured.ending], measured.reason)
    missing = [metric.name for metric in config.metrics if measured.numbers.get(metric.name) is None]
    if missing and measured.bound is not None:
        return Judgement(Verdict.DISCARD, measured.reason or "stopped early")
    if missing:
        return Judgement(Verdict.CRASH, f"no {' and no '.join(missing)} in the output")
    warnings = tuple(limit_texts(config.constraints, measured.numbers, is_hard=False))
    broken = limit_texts(config.constraints, measured.numbers, is_hard=True)
    look = _look_text(measured, history, config)
    warnings = (*warnings, look) if look else warnings
    if not history:
        return Judgement(Verdict.BASELINE, warnings=(*warnings, *broken))
    incumbent = best(history)
    delta = difference(measured.numbers, incumbent, config.metric)
    if broken:
        return Judgement(Verdict.REJECT, "; ".join(broken), delta, warnings)
    verdict, reason = _compare(measured, history, incumbent, config, size)
    return Judgement(verdict, reason, delta, warnings)


def difference(numbers: Numbers, against: Experiment | None, metric: Metric) -> float | None:
    """Return the change of the metric, positive if the number grew; None if either number was not measured."""
    new, old = numbers.get(metric.name), against.metrics.get(metric.name) if against else None
    return None if new is None or old is None else new - old


def is_better(new: float | None, old: float | None, direction: Direction) -> bool:
    """Say whether `new` is strictly better; a number is better than none, and None is never better."""
    if new is None or old is None:
        return new is not None
    return new > old if direction is Direction.MAXIMIZE else new < old


def is_confirmed(delta: float | None, fresh: float | None, direction: Direction) -> bool:
    """Say whether the difference on a fresh partition confirms the first one.

    A tie that was kept for its simpler code is confirmed by a tie. None (not measured) confirms nothing.
    """
    if is_better(fresh, 0.0, direction):
        return True
    return fresh is not None and delta is not None and abs(delta) <= EQUAL and abs(fresh) <= EQUAL


def dominates(new: Numbers, old: Numbers, metrics: Sequence[Metric]) -> bool:
    """Say whether `new` is no worse than `old` in every metric and strictly better in one (Pareto dominance)."""
    return at_least(new, old, metrics) and any(
        is_better(new.get(metric.name), old.get(metric.name), metric.direction) for metric in metrics
    )


def at_least(new: Numbers, old: Numbers, metrics: Sequence[Metric]) -> bool:
    """Say whether `new` has every metric and none is worse than in `old`."""
    return all(
        new.get(metric.name) is not None and not is_better(old.get(metric.name), new.get(metric.name), metric.direction)
        for metric in metrics
    )


def remarks(experiment: Experiment, earlier: Sequence[Experiment], config: Config) -> list[str]:
    """Return what an author may have forgotten: a hypothesis that is the last one's, or any edit at all."""
    incumbent, files = best(earlier), ", ".join(config.editable)
    if experiment.n == 0 or incumbent is None:
        return []
    if experiment.reason == NO_CHANGE:
        streak = 1 + unchanged_in_a_row(earlier)
        seen = "line ends that git converts and the executable bit do not count"
        text = f"no change {streak} times in a row: edit {files} before you measure ({seen})"
        return [text] if streak > 1 else []
    if config.label and experiment.hypothesis and experiment.hypothesis == incumbent.hypothesis:
        return [f"{config.label} is still that of iter {incumbent.n}: set it to what this edit tries"]
    return []


def looks(experiment: Experiment) -> list[str]:
    """Return the warnings for which the loop stops so that a person can look at the experiment."""
    return [warning for warning in experiment.warnings if warning.endswith(LOOK)]


def _look_text(measured: Measurement, history: Sequence[Experiment], config: Config) -> str:
    if measured.look:
        return f"{measured.look}: {LOOK}"
    return too_good_text(measured.numbers, config) if is_too_good(measured.numbers, history, config) else ""


def is_too_good(numbers: Numbers, history: Sequence[Experiment], config: Config) -> bool:
    """Say whether the metric reached `look_at` and the baseline did not."""
    value, limit, direction = numbers.get(config.metric.name), config.look_at, config.metric.direction
    first = history[0].metric if history else None
    if value is None or limit is None or not is_better(limit, first, direction):
        return False
    return not is_better(limit, value, direction)


def to_beat(incumbent: Experiment | None, config: Config, *, size: CodeSize) -> float | None:
    """Return the number that a measurement must exceed to be kept; None if the metric alone does not decide.

    Simpler code is also kept on a tie, so its threshold is 2 * EQUAL lower.
    """
    if incumbent is None or incumbent.metric is None or len(config.metrics) > 1 or config.rule is Rule.FRONT:
        return None
    slack = 2 * EQUAL if size.is_simpler_than(incumbent.size) else 0.0
    return incumbent.metric - slack if config.metric.direction is Direction.MAXIMIZE else incumbent.metric + slack


def _compare(
    measured: Measurement,
    history: Sequence[Experiment],
    incumbent: Experiment | None,
    config: Config,
    size: CodeSize,
) -> tuple[Verdict, str]:
    if incumbent is None:
        return Verdict.KEEP, "the first measured experiment"
    if config.rule is Rule.FRONT:
        kept = [experiment for experiment in history if experiment.verdict.advances]
        is_behind = any(at_least(old.metrics, measured.numbers, config.metrics) for old in kept)
        return (Verdict.DISCARD, "no better than an earlier kept experiment") if is_behind else (Verdict.KEEP, "")
    if dominates(measured.numbers, incumbent.metrics, config.metrics):
        return _within_rule(measured, incumbent, config)
    if _is_equal(measured.numbers, incumbent.metrics, config.metrics) and size.is_simpler_than(incumbent.size):
        return Verdict.KEEP, f"equal, and simpler by {_saving_text(size, incumbent.size)}"
    return Verdict.DISCARD, ""


def _saving_text(size: CodeSize, before: CodeSize) -> str:
    saved = {"syntax-tree node": before.nodes - size.nodes, "line": before.lines - size.lines}
    return " and ".join(f"{count} {name}{'' if count == 1 else 's'}" for name, count in saved.items() if count)


def _within_rule(measured: Measurement, incumbent: Experiment, config: Config) -> tuple[Verdict, str]:
    if config.rule is not Rule.MARGIN:
        return Verdict.KEEP, ""
    delta = difference(measured.numbers, incumbent, config.metric)
    if delta is None or measured.delta_se is None:
        return Verdict.DISCARD, "better, but no standard error was measured"
    if abs(delta) > config.margin * measured.delta_se:
        return Verdict.KEEP, f"by more than {config.margin:g} standard errors"
    return Verdict.DISCARD, f"better, but by less than {config.margin:g} standard errors"


def _is_equal(new: Numbers, old: Numbers, metrics: Sequence[Metric]) -> bool:
    pairs = [(new.get(metric.name), old.get(metric.name)) for metric in metrics]
    return all(a is not None and b is not None and abs(a - b) <= EQUAL for a, b in pairs)


def limit_texts(constraints: Sequence[Constraint], numbers: Numbers, *, is_hard: bool) -> list[str]:
    """Return one text for each limit that is broken: the limits that reject, or those that only warn."""
    texts = []
    for constraint in constraints:
        above = constraint.fail_above if is_hard else constraint.warn_above
        below = constraint.fail_below if is_hard else constraint.warn_below
        value = numbers.get(constraint.name)
        if above is None and below is None:
            continue
        if value is None:
            texts.append(f"{constraint.name} was not measured")
        elif above is not None and value > above:
            texts.append(f"{constraint.name} = {number_text(value)} is above {above:g}")
        elif below is not None and value < below:
            texts.append(f"{constraint.name} = {number_text(value)} is below {below:g}")
    return texts


def too_good_text(numbers: Numbers, config: Config) -> str:
    """Return the warning for a metric that reached `look_at`."""
    value = number_text(numbers.get(config.metric.name))
    return f"{config.metric.name} = {value} has reached look_at = {config.look_at:g}: {LOOK}"
