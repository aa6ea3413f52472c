"""The state of a run: everything that a person or an agent needs to continue it; and one row for every run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ratchet.core.bandit import count_arms
from ratchet.core.config import Config, Rule
from ratchet.core.noise import noise_line
from ratchet.core.records import Experiment, Verdict, baseline, best
from ratchet.core.spending import spent, spent_text
from ratchet.core.stop_rules import Limits, limits_of, reason_to_stop, since_gain
from ratchet.core.table import run_row, summary_line
from ratchet.core.text import evidence_text, experiment_line, folds_text
from ratchet.engine.prompt import hints, rule_text
from ratchet.engine.signals import ASKED
from ratchet.errors import RatchetError
from ratchet.repo import git
from ratchet.repo.journal import Event, EventKind, experiments, read_events
from ratchet.repo.run import Run, Worktree, recorded
from ratchet.repo.sealing import OPENED, is_broken

LAST = 5


def describe(
    run: Run, events: Sequence[Event], *, holder: int | None, is_stop_asked: bool, edited: Sequence[str]
) -> dict[str, Any]:
    """Return the state of a run as plain values, without audit numbers."""
    config, history = run.worktree.config, experiments(events)
    last_stop = next((event for event in reversed(events) if event.kind is EventKind.STOP), None)
    kinds = [event.kind for event in events if event.kind in {EventKind.BEGIN, EventKind.VERDICT}]
    limits = limits_of(config, Limits())
    is_over = reason_to_stop(history, config, limits, first_n=_first_n(events))
    tokens, cost_usd = spent(history)
    return {
        "tag": run.tag,
        "branch": f"autoresearch/{run.tag}",
        "metric": config.metric.name,
        "direction": str(config.metric.direction),
        "rule": str(config.rule),
        "rule_text": rule_text(config),
        "editable": list(config.editable),
        "experiments": sum(experiment.n > 0 for experiment in history),
        "kept": sum(experiment.verdict is Verdict.KEEP for experiment in history),
        "baseline": _brief(baseline(history)),
        "best": _brief(best(history)),
        "since_gain": since_gain(history),
        "last": [experiment_line(experiment, config.metrics) for experiment in history[-LAST:]],
        "hints": hints(config, history),
        "arms": _arms(history, config),
        "unmeasured_edit": list(edited),
        "interrupted_edit": bool(edited) and holder is None and _is_proposing(events),
        "unfinished": bool(kinds) and kinds[-1] is EventKind.BEGIN,
        "working_process": holder,
        "stop_asked": is_stop_asked,
        "last_stop": last_stop.data["reason"] if last_stop else None,
        "done": OPENED if is_broken(config, events) else ASKED if is_stop_asked else is_over or None,
        "limits": {"experiments": limits.n, "patience": limits.patience},
        "journal": str(run.journal),
        "summary": summary_line(history, config),
        "evidence": _evidence(best(history)),
        "noise": noise_line(history, config),
        "tokens": tokens,
        "cost_usd": cost_usd,
    }


def _arms(history: Sequence[Experiment], config: Config) -> list[dict[str, Any]]:
    counted = count_arms(history, config.bandit) if config.bandit else []
    return [{"name": arm.name, "tries": arm.tries, "kept": arm.kept} for arm in counted]


def _is_proposing(events: Sequence[Event]) -> bool:
    """Say whether an agent was asked for an edit last: one that is in the worktree is its, and may be half done."""
    last = next((event for event in reversed(events) if event.kind is not EventKind.STOP), None)
    return last is not None and last.kind is EventKind.PROPOSE


def run_rows(worktree: Worktree) -> list[list[str]]:
    """Return one row for each run of the repository, the oldest first; parallel loops of a race have none."""
    found = [(run, _events_or_none(run)) for run in (Run(worktree, tag) for tag in recorded(worktree))]
    subruns = {tag for _, events in found for tag in _subruns(events or [])}
    return [_row(run, events) for run, events in found if run.tag not in subruns]


def _events_or_none(run: Run) -> list[Event] | None:
    """Return the events of a run, or None if its journal is damaged."""
    try:
        return read_events(run.journal)
    except RatchetError:
        return None


def _subruns(events: Sequence[Event]) -> list[str]:
    return [tag for event in events if event.kind is EventKind.RACE for tag in event.data.get("lanes", ())]


def _row(run: Run, events: Sequence[Event] | None) -> list[str]:
    if not events:
        state = "damaged journal" if events is None else "empty journal"
        return run_row(run.tag, [], run.worktree.config, at="", state=state)
    at = str(events[0].data.get("at", ""))
    return run_row(run.tag, experiments(events), run.worktree.config, at=at, state=_state(run, events))


def _state(run: Run, events: Sequence[Event]) -> str:
    """Return in words what a run is doing."""
    pid = run.holder_pid()
    marks = [
        "current" if git.head_branch(run.worktree.repo) == run.branch else "",
        f"process {pid} is working on it" if pid is not None else "",
        "finished" if any(event.kind is EventKind.FINISH for event in events) else "",
        "" if git.resolve(run.worktree.repo, run.branch) else "no branch",
    ]
    return ", ".join(mark for mark in marks if mark)


def status_text(state: Mapping[str, Any]) -> str:
    """Return the state as lines for a person."""
    lines = [f"run {state['tag']} on branch {state['branch']}: {state['summary']}", *state["last"]]
    lines += [state["evidence"]] if state["evidence"] else []
    lines += [state["noise"]] if state["noise"] else []
    lines += [] if state["rule"] == Rule.STRICT else [state["rule_text"]]
    used = spent_text(state["tokens"], state["cost_usd"])
    lines += [f"agents: {used}"] if used else []
    lines += [f"hint: {hint}" for hint in state["hints"]]
    lines += [f"tried {arm['name']}: {arm['kept']} of {arm['tries']} kept" for arm in state["arms"] if arm["tries"]]
    if state["working_process"] is not None:
        lines.append(f"process {state['working_process'] or '?'} is working on the run")
    elif state["unfinished"]:
        lines.append("an experiment was interrupted; the next step or loop finishes it")
    if state["done"]:
        lines.append(f"done: {state['done']}")
    lines.append(_next_text(state))
    return "\n".join(lines)


def _next_text(state: Mapping[str, Any]) -> str:
    if state["done"] == OPENED:
        return "next: `uv run ratchet finish` reviews the run"
    if state["interrupted_edit"]:
        files = ", ".join(state["unmeasured_edit"])
        return f"next: `uv run ratchet loop`, which puts the edit of {files} aside: its agent was interrupted"
    if state["unmeasured_edit"]:
        return f"next: `uv run ratchet step` measures the edit of {', '.join(state['unmeasured_edit'])}"
    if state["done"]:
        return "next: `uv run ratchet finish` reviews the run; or `uv run ratchet loop` goes on"
    return f"next: edit {', '.join(state['editable'])}, then `uv run ratchet step`; or `uv run ratchet loop`"


def _brief(experiment: Experiment | None) -> dict[str, Any] | None:
    if experiment is None:
        return None
    return {
        "n": experiment.n,
        "commit": experiment.commit,
        "metric": experiment.metric,
        "delta": experiment.delta,
        "delta_se": experiment.delta_se,
        "folds_won": experiment.folds_won,
        "hypothesis": experiment.hypothesis,
    }


def _evidence(top: Experiment | None) -> str:
    """Return the evidence that the best is better than the best before it."""
    folds = folds_text(top) if top else ""
    if top is None or not folds:
        return ""
    return f"evidence for iter {top.n}: {evidence_text(top)}; folds won {folds}"


def _first_n(events: Sequence[Event]) -> int:
    """Return the number of the first experiment since the run was last continued, from which its limits count."""
    first = latest = 0
    for event in events:
        if event.kind is EventKind.BEGIN:
            latest = event.data["n"] + 1
        if event.kind is EventKind.RESUME:
            first = latest
    return first
