"""The loop: an agent edits, the edit is measured, it is kept if it is strictly better, the best is restored; repeat."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Sequence
from typing import Protocol

from ratchet.core.bandit import suggest
from ratchet.core.records import Experiment, Proposal, Verdict
from ratchet.core.stop_rules import Limits, reason_to_stop
from ratchet.engine.agents import AT_LIMIT, Agent, AgentTask, call
from ratchet.engine.measure import read_log
from ratchet.engine.prompt import write_prompt
from ratchet.engine.session import Session
from ratchet.engine.signals import ASKED, Stopper
from ratchet.engine.usage_limit import wait_for_limit
from ratchet.errors import RatchetError
from ratchet.repo import git, journal
from ratchet.repo.journal import EventKind
from ratchet.repo.run import TABLE


class Screen(Protocol):
    """Shows the progress of a loop to a person."""

    def result(self, experiment: Experiment) -> None:
        """Show an experiment with its verdict."""

    def progress(self, text: str) -> None:
        """Show the current activity; the next text replaces it."""

    def say(self, text: str) -> None:
        """Show a message."""


class Silent:
    """A screen that shows nothing."""

    def result(self, experiment: Experiment) -> None:
        """Show nothing."""

    def progress(self, text: str) -> None:
        """Show nothing."""

    def say(self, text: str) -> None:
        """Show nothing."""


def open_run(session: Session, screen: Screen) -> None:
    """Finish an interrupted experiment and measure the baseline. Raises RatchetError if the baseline has no number."""
    screen.progress("preparing to measure")
    for experiment in session.resume():
        screen.result(experiment)
    if not session.history:
        if (table := session.run.results.name) != TABLE:
            screen.say(f"{TABLE} is not a table of ratchet and stays as it is; the results go to {table}.")
        screen.progress("measuring the baseline")
        screen.result(session.baseline())
    if session.best is None:
        first = session.history[0]
        fix = f"Fix {session.run.worktree.config.editable[0]}"
        fix = "Free some memory or close other programs" if first.is_machine_fault else fix
        raise RatchetError(
            f"iter 0: the baseline has no number, its verdict is {first.verdict} ({first.reason}). "
            f"{fix}, then run `uv run ratchet step`; `uv run ratchet show 0 --log` shows what was printed."
        )


def run_loop(session: Session, agent: Agent, limits: Limits, *, screen: Screen, stopper: Stopper, seed: int = 0) -> str:
    """Run experiments until a limit is reached or a stop is requested; return the reason. Call `open_run` first."""
    started, first_n = time.monotonic(), session.next_n
    reason, n_waits = "", 0
    while not reason:
        minutes = (time.monotonic() - started) / 60
        reason = _reason_to_stop(session, limits, stopper, first_n=first_n, minutes=minutes)
        if reason:
            break
        tried = _one_round(session, agent, screen, stopper, seed, waits=limits.waits_for_limit)
        if isinstance(tried, Experiment):
            screen.result(tried)
        n_waits = 0 if isinstance(tried, Experiment) else n_waits + 1
        if isinstance(tried, str):
            wait_for_limit(tried, n_waits, screen=screen, stopper=stopper, minutes_left=limits.minutes - minutes)
    session.note_stop(reason)
    return reason


def _one_round(
    session: Session, agent: Agent, screen: Screen, stopper: Stopper, seed: int, *, waits: bool
) -> Experiment | str:
    """Measure the edit in the worktree if there is one, else an edit of the agent.

    With `waits`, return the message of an agent that has reached a usage limit, instead of an experiment.
    """
    n = session.next_n
    if session.is_worktree_edited():
        screen.progress(f"iter {n}: measuring the edit in the worktree")
        return session.step(Proposal())
    config = session.run.worktree.config
    arm = suggest(session.history, config.bandit) if config.bandit else ""
    session.note(EventKind.PROPOSE, n=n, agent=agent.name, strategy=arm)
    screen.progress(f"iter {n}: waiting for {agent.name}")
    with contextlib.ExitStack() as turn:
        turn.enter_context(session.parallel.turn)
        try:
            proposal = call(agent, _task(session, arm, seed), session.run, stopper.is_asked_now, echo=session.echo)
        except KeyboardInterrupt:
            session.clear_proposal()
            raise
        if waits and proposal.failure.startswith(AT_LIMIT):
            session.clear_proposal()
            return proposal.failure.removeprefix(AT_LIMIT)
        screen.progress(f"iter {n}: measuring")
        return session.step(proposal, has_begun=turn.close)


def _task(session: Session, arm: str, seed: int) -> AgentTask:
    parallel = session.parallel
    elsewhere = [old for path in parallel.journals for old in journal.read_tried(path)]
    prompt = _prompt(session, arm, elsewhere)
    return AgentTask(session.next_n, prompt, arm, seed, parallel.number, parallel.journals)


def _reason_to_stop(session: Session, limits: Limits, stopper: Stopper, *, first_n: int, minutes: float) -> str:
    if stopper.is_asked():
        return ASKED
    if git.head_branch(session.run.worktree.repo) != session.run.branch:
        return f"HEAD has left the branch of the run; `git switch autoresearch/{session.run.tag}` returns to it"
    return reason_to_stop(session.history, session.run.worktree.config, limits, first_n=first_n, minutes=minutes)


def _prompt(session: Session, arm: str, elsewhere: Sequence[Experiment]) -> str:
    worktree, incumbent = session.run.worktree, session.best
    commit = incumbent.commit if incumbent else session.run.branch
    stored = git.files_of(worktree.repo, commit, worktree.editable_files(commit))
    names = worktree.names_of(list(stored))
    files = zip(names, git.contents(worktree.repo, stored).values(), strict=True)
    texts = {name: content.decode("utf-8", "replace") for name, content in files if content is not None}
    last = session.history[-1]
    last_edit = git.diff(worktree.repo, last.parent, last.commit, worktree.editable) if last.n else ""
    last_log = read_log(session.run, last.n) if last.verdict is Verdict.CRASH else ""
    return write_prompt(worktree.config, session.history, texts, arm, last_edit, last_log, elsewhere)
