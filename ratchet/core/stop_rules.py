"""The reasons to stop a series of experiments. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import inf

from ratchet.core.config import AGENT, Config
from ratchet.core.decision import is_better, looks
from ratchet.core.records import MACHINE, NO_CHANGE, Ending, Experiment, Verdict, best
from ratchet.core.spending import spent, spent_text
from ratchet.core.text import number_text

AGENT_FAILURES = 3  # in a row: the agent is broken, or the machine
NO_CHANGES = 5  # in a row: the agent has no new idea
BROKEN_AGENT = "the agent failed"


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of a series: experiments, experiments in a row without a gain, a value of the metric, minutes.

    `cap` names the setting that limits the experiments, if nobody asked for the limit on the command line. `max_cost`
    (US dollars) and `max_tokens` hold for all agents of the run. With `waits_for_limit` a usage limit of the agent's
    provider is waited for.
    """

    n: int | None = None
    patience: int | None = None
    until: float | None = None
    minutes: float = inf
    cap: str = ""
    max_cost: float | None = None
    max_tokens: int | None = None
    waits_for_limit: bool = False


def limits_of(config: Config, asked: Limits) -> Limits:
    """Return the requested limits, with those of the config for those not requested."""
    is_capped = asked.n is None and config.max_iterations is not None
    return replace(
        asked,
        n=asked.n or config.max_iterations,
        patience=asked.patience or config.patience,
        cap=f"max_iterations = {config.max_iterations} in {config.origin}" if is_capped else "",
    )


def limits_text(limits: Limits, config: Config) -> str:
    """Return one line with every limit of a series and of one measurement."""
    experiments = (
        f"{limits.n} experiment{'s' * (limits.n > 1)}" if limits.n else "no limit on experiments (-n sets one)"
    )
    capped = f" ({limits.cap}; -n sets another)" if limits.cap else ""
    shown = [
        f"{experiments}{capped}",
        f"{limits.patience} in a row without a gain" if limits.patience else "",
        f"until {config.metric.name} reaches {number_text(limits.until)}" if limits.until is not None else "",
        f"{limits.minutes:g} minutes" if limits.minutes < inf else "",
        spent_text(limits.max_tokens, limits.max_cost),
        f"one measurement: {measurement_limit_text(config)}",
        f"one edit of the agent: {config.agent_timeout:g} s",
    ]
    return "limits: " + "; ".join(part for part in shown if part)


def measurement_limit_text(config: Config) -> str:
    """Return the limits of one measurement in words."""
    wall = f"{config.timeout_factor:g} times the baseline" if config.timeout_factor else f"{config.timeout_s:g} s"
    cpu = f", {config.cpu_timeout:g} CPU seconds" if config.cpu_timeout else ""
    return wall + cpu + (f", {config.memory_mb:g} MB" if config.memory_mb else "")


def reason_to_stop(
    history: Sequence[Experiment], config: Config, limits: Limits, *, first_n: int, minutes: float = 0.0
) -> str:
    """Return why a series that began with experiment `first_n` should end, or an empty text."""
    tried, top, name = [old for old in history if old.n >= first_n], best(history), config.metric.name
    if tried and (look := looks(tried[-1])):
        return look[0]
    if limits.until is not None and top and not is_better(limits.until, top.metric, config.metric.direction):
        return f"{name} has reached {number_text(limits.until)}"
    n_tried = sum(experiment.n > 0 for experiment in tried)
    if broken := _broken_agent(tried, is_over=limits.n is not None and n_tried >= limits.n):
        return broken
    if limits.n is not None and n_tried >= limits.n:
        done = f"{limits.n} experiment{'s' if limits.n > 1 else ''} done"
        return f"{done}: {limits.cap}; -n sets another limit" if limits.cap else done
    if minutes >= limits.minutes:
        return f"{limits.minutes:g} minutes are over"
    if limits.patience is not None and since_gain(tried) >= limits.patience:
        return f"no gain in {limits.patience} experiments"
    if spending := _spending_reason(history, tried, limits):
        return spending
    return _streak_reason(tried) or _no_change_reason(tried, top, config)


def _spending_reason(history: Sequence[Experiment], tried: Sequence[Experiment], limits: Limits) -> str:
    """Return a reason if the agents of the run have used up their tokens or money, or do not tell what they use."""
    tokens, cost = spent(history)
    for option, limit, used in (("--max-cost", limits.max_cost, cost), ("--max-tokens", limits.max_tokens, tokens)):
        if limit is not None and used is not None and used >= limit:
            return f"{option} reached: the agents of this run used {spent_text(tokens, cost)}"
    last = tried[-1] if tried else None
    if last is None or last.agent in {"", AGENT} or last.ending is not Ending.OK or last.reason.startswith("agent:"):
        return ""
    unknown = [
        option
        for option, limit, used in (
            ("--max-cost", limits.max_cost, last.cost_usd),
            ("--max-tokens", limits.max_tokens, last.tokens),
        )
        if limit is not None and used is None
    ]
    return f"the agent does not report what {unknown[0]} limits; use --minutes or -n" if unknown else ""


def since_gain(history: Sequence[Experiment]) -> int:
    """Return the number of experiments after the last kept one; the baseline does not count."""
    since = 0
    for experiment in reversed(history):
        if experiment.verdict is Verdict.KEEP:
            break
        since += experiment.n > 0
    return since


def _broken_agent(tried: Sequence[Experiment], *, is_over: bool) -> str:
    """Return a reason if the agent failed three times in a row, or in all of the experiments of a series."""
    own = [experiment for experiment in tried if experiment.n > 0]
    last = own[-AGENT_FAILURES:]
    if not last or not all(experiment.reason.startswith("agent:") for experiment in last):
        return ""
    if len(last) == AGENT_FAILURES or (is_over and len(last) == len(own)):
        times = f"{len(last)} times in a row" if len(last) > 1 else "in the only experiment"
        return f"{BROKEN_AGENT} {times}: {last[-1].reason.removeprefix('agent: ')}"
    return ""


def _streak_reason(tried: Sequence[Experiment]) -> str:
    last = tried[-AGENT_FAILURES:]
    if len(last) == AGENT_FAILURES and all(experiment.is_machine_fault for experiment in last):
        return f"the machine failed {AGENT_FAILURES} times in a row:{last[-1].reason.removeprefix(MACHINE)}"
    return ""


def _no_change_reason(tried: Sequence[Experiment], top: Experiment | None, config: Config) -> str:
    """Say what was compared, since a person may see a change where the run sees none."""
    last = tried[-NO_CHANGES:]
    if len(last) < NO_CHANGES or any(experiment.reason != NO_CHANGE for experiment in last):
        return ""
    reason = f"the agent changed nothing {NO_CHANGES} times in a row"
    if top is None:
        return reason
    label = f"{config.label}, " if config.label else ""
    return (
        f"{reason}: {', '.join(config.editable)} had the code of iter {top.n} ({top.commit[:7]}), the best; "
        f"{label}comments, blank lines, line ends and file modes do not count"
    )
