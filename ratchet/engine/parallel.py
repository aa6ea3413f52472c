"""Parallel loops, each on its own branch and worktree; their winners are measured again on the branch of the run.

One process coordinates all loops. A winner reaches the branch of the run only as a new experiment: committed on top of
that branch, measured, and kept if it is strictly better than the best there. After a kill, the next race first gathers
the winners of the interrupted one.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ratchet import process
from ratchet.core.config import Config, Direction
from ratchet.core.records import Experiment, Measurement, Proposal, Verdict, best
from ratchet.core.stop_rules import Limits
from ratchet.core.text import experiment_line
from ratchet.engine.agents import BUILTIN, Agent
from ratchet.engine.loop import Screen, run_loop
from ratchet.engine.measure import MARK, Candidate, Measurer, Progress
from ratchet.engine.session import Parallel, Session, measurer_of, now
from ratchet.engine.signals import Stopper
from ratchet.repo import git, journal
from ratchet.repo.journal import Event, EventKind
from ratchet.repo.run import BRANCHES, Run, Worktree, record_start, run_event

TAG_CHARS = 50  # of the run's tag in the tag of a parallel run


@dataclass(frozen=True, slots=True)
class Entry:
    """Settings of a race: agent, limits of all parallel runs together, seed of the first run."""

    agent: Agent
    limits: Limits
    seed: int = 0


def run_race(session: Session, entry: Entry, k: int, *, screen: Screen, stopper: Stopper) -> list[Experiment]:
    """Run k loops in parallel from the best of an open run; return the experiments on its branch with their winners."""
    gathered = gather(session, screen)
    tags = _free_tags(session.run, min(k, entry.limits.n or k))
    session.note(EventKind.RACE, lanes=tags)
    try:
        _run_subruns(session, tags, entry, screen=screen, stopper=stopper)
    finally:
        gathered += gather(session, screen)
    return gathered


def gather(session: Session, screen: Screen) -> list[Experiment]:
    """Measure the winners of all parallel runs on the branch of the run, best first, and remove the parallel runs."""
    repo, subruns = session.run.worktree.repo, subrun_tags(session.events)
    subruns = [tag for tag in subruns if git.resolve(repo, f"{BRANCHES}{tag}") is not None]
    process.sweep(MARK, [str(replace(session.run, tag=tag).folder) for tag in subruns])
    measured = []
    for tag, winner in _ranked([(tag, _winner(session.run, tag)) for tag in subruns], session):
        screen.progress(f"iter {session.next_n}: measuring the winner of {tag} on this branch")
        proposal = Proposal(
            agent=f"race: {tag}", strategy=winner.strategy, note=winner.note, hypothesis=winner.hypothesis
        )
        measured.append(session.graft(winner, proposal))
        screen.result(measured[-1])
    for tag in subruns:
        git.remove_worktree(repo, subrun_folder(session.run, tag))
        git.delete_ref(repo, f"{BRANCHES}{tag}")  # its commits stay under refs/ratchet/
    return measured


def subrun_tags(events: Sequence[Event]) -> list[str]:
    """Return the tags of all parallel runs that a run has had."""
    return [tag for event in events if event.kind is EventKind.RACE for tag in event.data["lanes"]]


def subrun_folder(run: Run, tag: str) -> Path:
    """Return the folder of the worktree of a parallel run."""
    return run.folder / "lanes" / tag


def _run_subruns(session: Session, tags: Sequence[str], entry: Entry, *, screen: Screen, stopper: Stopper) -> None:
    start, turn, speaking = session.best, threading.Semaphore(os.cpu_count() or 1), threading.Lock()
    assert start is not None  # the run is open
    subruns = [_make_subrun(session.run, tag, number, len(tags)) for number, tag in enumerate(tags)]
    # the built-in agent chooses in no time, so its loops choose one after another and never the same idea
    choosing = threading.Lock() if entry.agent.name == BUILTIN else contextlib.nullcontext()

    def follow(number: int) -> None:
        shown = _SubrunScreen(screen, subruns[number], speaking)
        limits = replace(entry.limits, n=_share(entry.limits.n, len(subruns), number))
        with _subrun_session(subruns[number], turn, shown, stopper.is_asked_now) as subrun:
            others = (session.run, *(other for other in subruns if other is not subruns[number]))
            subrun.parallel = Parallel(number, tuple(other.journal for other in others), choosing)
            subrun.adopt_baseline(start)
            run_loop(subrun, entry.agent, limits, screen=shown, stopper=stopper, seed=entry.seed + number)

    with ThreadPoolExecutor(max_workers=len(subruns)) as pool:
        for future in [pool.submit(follow, number) for number in range(len(subruns))]:
            future.result()


@contextlib.contextmanager
def _subrun_session(
    subrun: Run, turn: threading.Semaphore, screen: Screen, should_stop: Callable[[], bool]
) -> Iterator[Session]:
    measurer = _InTurn(measurer_of(subrun, should_stop), turn)
    try:
        yield Session(subrun, measurer, now=now, progress=screen.progress, say=screen.say, should_stop=should_stop)
    finally:
        measurer.close()


class _InTurn:
    """Measures when a core is free; at most one measurement runs on each core."""

    def __init__(self, measurer: Measurer, turn: threading.Semaphore) -> None:
        self._measurer = measurer
        self._turn = turn

    def parts(self) -> Mapping[str, str] | None:
        return self._measurer.parts()

    def audit(self, progress: Progress) -> Mapping[str, Any] | None:
        return self._measurer.audit(progress)

    def measure(self, candidate: Candidate, progress: Progress) -> Measurement:
        with self._turn:
            return self._measurer.measure(candidate, progress)

    def close(self) -> None:
        self._measurer.close()


class _SubrunScreen:
    """Shows the results of a parallel run, each line with its tag in front."""

    def __init__(self, screen: Screen, subrun: Run, speaking: threading.Lock) -> None:
        self._screen = screen
        self._subrun = subrun
        self._speaking = speaking

    def result(self, experiment: Experiment) -> None:
        self.say(experiment_line(experiment, self._subrun.worktree.config.metrics))

    def progress(self, text: str) -> None:
        """Show nothing, since the texts of several runs would replace each other."""

    def say(self, text: str) -> None:
        with self._speaking:
            self._screen.say(f"{self._subrun.tag} | {text}")


def _make_subrun(run: Run, tag: str, number: int, k: int) -> Run:
    """Make a branch and a worktree at the tip of the run."""
    folder, tip = subrun_folder(run, tag), git.resolve(run.worktree.repo, run.branch) or ""
    git.add_worktree(run.worktree.repo, folder, f"autoresearch/{tag}", tip)
    inside = run.worktree.root.relative_to(run.worktree.repo.root)
    worktree = Worktree(git.open_repo(folder), folder / inside, _with_turned_arms(run.worktree.config, number))
    subrun = Run(worktree, tag, threads=max(1, (os.cpu_count() or 1) // k))
    record_start(subrun, tip, str(run_event(run).data["first"]), now())
    return subrun


def _with_turned_arms(config: Config, number: int) -> Config:
    """Rotate the arms, so that each parallel run begins with another one."""
    if config.bandit is None:
        return config
    arms = config.bandit.arms
    turned = arms[number % len(arms) :] + arms[: number % len(arms)]
    return replace(config, bandit=replace(config.bandit, arms=turned))


def _share(n: int | None, k: int, number: int) -> int | None:
    """Return how many of n experiments the parallel run with this number gets of k; None means no limit."""
    return None if n is None else n // k + (number < n % k)


def _ranked(found: list[tuple[str, Experiment | None]], session: Session) -> list[tuple[str, Experiment]]:
    """Return the winners, the best first."""
    sign = -1 if session.run.worktree.config.metric.direction is Direction.MAXIMIZE else 1
    winners = [(tag, winner) for tag, winner in found if winner is not None]
    return sorted(winners, key=lambda pair: (sign * (pair[1].metric or 0.0), pair[0]))


def _winner(run: Run, tag: str) -> Experiment | None:
    """Return the best experiment of a parallel run, or None if none was kept."""
    top = best(journal.read_experiments(replace(run, tag=tag).journal))
    return top if top is not None and top.verdict is Verdict.KEEP else None


def _free_tags(run: Run, k: int) -> list[str]:
    """Return k unused tags for parallel runs."""
    base, number = run.tag[:TAG_CHARS], 1
    tags: list[str] = []
    while len(tags) < k:
        tag = f"{base}-lane{number}"
        if not replace(run, tag=tag).is_known():
            tags.append(tag)
        number += 1
    return tags
