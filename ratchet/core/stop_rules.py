"""The reasons to stop a series of experiments. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf

from ratchet.core.config import DEFAULT_CAP, Config
from ratchet.core.decision import is_better, looks
from ratchet.core.records import MACHINE, Experiment, Verdict, best
from ratchet.core.text import number_text

AGENT_FAILURES = 3  # in a row: the agent is broken, or the machine
NO_CHANGES = 5  # in a row: the agent has no new idea
BROKEN_AGENT = "the agent failed"


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of a series: experiments, experiments in a row without a gain, a value of the metric, minutes."""

    n: int | None = None
    patience: int | None = None
    until: float | None = None
    minutes: float = inf


def limits_of(config: Config, asked: Limits) -> Limits:
    """Return the requested limits, with the config and a default cap for those not requested."""
    return Limits(
        n=asked.n or config.max_iterations or DEFAULT_CAP,
        patience=asked.patience or config.patience,
        until=asked.until,
        minutes=asked.minutes,
    )


def reason_to_stop(
    history: Sequence[Experiment], config: Config, limits: Limits, *, first_n: int, minutes: float = 0.0
) -> str:
    """Return why a series that began with experiment `first_n` should end, or an empty text."""
    tried, top, name = [old for old in history if old.n >= first_n], best(history), config.metric.name
    if tried and (look := looks(tried[-1])):
        return look[0]
    if limits.until is not None and top and not is_better(limits.until, top.metric, config.metric.direction):
        return f"{name} has reached {number_text(limits.until)}"
    if limits.n is not None and sum(experiment.n > 0 for experiment in tried) >= limits.n:
        return f"{limits.n} experiment{'s' if limits.n > 1 else ''} done"
    if minutes >= limits.minutes:
        return f"{limits.minutes:g} minutes are over"
    if limits.patience is not None and since_gain(tried) >= limits.patience:
        return f"no gain in {limits.patience} experiments"
    return _streak_reason(tried)


def since_gain(history: Sequence[Experiment]) -> int:
    """Return the number of experiments after the last kept one; the baseline does not count."""
    since = 0
    for experiment in reversed(history):
        if experiment.verdict is Verdict.KEEP:
            break
        since += experiment.n > 0
    return since


def _streak_reason(tried: Sequence[Experiment]) -> str:
    last = tried[-AGENT_FAILURES:]
    if len(last) == AGENT_FAILURES and all(experiment.reason.startswith("agent:") for experiment in last):
        return f"{BROKEN_AGENT} {AGENT_FAILURES} times in a row: {last[-1].reason.removeprefix('agent: ')}"
    if len(last) == AGENT_FAILURES and all(experiment.is_machine_fault for experiment in last):
        return f"the machine failed {AGENT_FAILURES} times in a row:{last[-1].reason.removeprefix(MACHINE)}"
    last = tried[-NO_CHANGES:]
    if len(last) == NO_CHANGES and all(experiment.reason == "no change" for experiment in last):
        return f"the agent changed nothing {NO_CHANGES} times in a row"
    return ""
