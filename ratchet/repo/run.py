"""A run: a tagged series of experiments on its own branch, and how one starts.

Guards the comparison: a run goes on only while everything that gives its numbers their meaning is as it was at the
start. Covered: config, frozen files, setup files, what the measuring server is made of. Not covered: the machine.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from ratchet.core.records import is_tag
from ratchet.errors import RatchetError
from ratchet.repo import git, journal, snapshots
from ratchet.repo.journal import Event, EventKind
from ratchet.repo.worktree import STATE, Worktree, check_worktree, engine_parts, ignore_state

BRANCHES = "refs/heads/autoresearch/"


@dataclass(frozen=True, slots=True)
class Run:
    """A tagged series of experiments, seen from a desk. `threads` is what one measurement may use, None for all."""

    worktree: Worktree
    tag: str
    threads: int | None = None

    @property
    def branch(self) -> str:
        """The branch that holds what was kept."""
        return f"{BRANCHES}{self.tag}"

    @property
    def folder(self) -> Path:
        """Where its state lives: under the main work tree, whichever work tree the desk is."""
        return self.worktree.repo.main_root / STATE / self.tag

    @property
    def journal(self) -> Path:
        """The truth of the run."""
        return self.folder / "journal.jsonl"

    @property
    def results(self) -> Path:
        """The table that is computed from the journal after every event."""
        return self.worktree.root / "results.tsv"

    @property
    def stop_file(self) -> Path:
        """A wish to stop, left by `ratchet stop`."""
        return self.folder / "stop"

    def ref(self, n: int) -> str:
        """The ref that keeps experiment n, kept or not."""
        return f"refs/ratchet/{self.tag}/{n}"


def current_run(worktree: Worktree) -> Run | None:
    """Return the run whose branch HEAD is on, or None."""
    branch = git.head_branch(worktree.repo)
    if branch is None or not branch.startswith(BRANCHES):
        return None
    run = Run(worktree, branch.removeprefix(BRANCHES))
    return run if is_tag(run.tag) and run.journal.exists() else None


def require_run(worktree: Worktree) -> Run:
    """Return the current run. Raises RatchetError when HEAD is on none."""
    run = current_run(worktree)
    if run is None:
        head = git.head_branch(worktree.repo) or ""
        if head.startswith(BRANCHES):
            tag = head.removeprefix(BRANCHES)
            raise RatchetError(
                f"run {tag}: expected its journal, {STATE}/{tag}/journal.jsonl, got none: it stays on the machine that "
                "ran it. `uv run ratchet start NAME` grows a new run from this branch."
            )
        known = ", ".join(tags(worktree)) or "none"
        raise RatchetError(
            f"HEAD: expected a run's branch, autoresearch/TAG, got {_head_text(worktree)}. "
            f"`uv run ratchet start TAG`, or `git switch autoresearch/TAG` (runs: {known})."
        )
    return run


def tags(worktree: Worktree) -> list[str]:
    """Return the tags of the runs that have a branch and a journal."""
    found = (name.removeprefix(BRANCHES) for name in git.refs(worktree.repo, BRANCHES))
    return [tag for tag in found if Run(worktree, tag).journal.exists()]


def check_tag(tag: str) -> None:
    """Raise RatchetError unless the tag can name a run."""
    if not is_tag(tag):
        shown = tag if len(tag) <= 40 else f"{tag[:40]}…"
        raise RatchetError(
            "tag: expected at most 60 of A-Z a-z 0-9 . _ -, a letter or digit first, no .. in it, no . or .lock at its "
            f"end, got {shown!r}. Choose another."
        )


def take_up(worktree: Worktree, tag: str) -> Run | None:
    """Return the run of that tag with HEAD on its branch, or None when there is none to go on with.

    Raises RatchetError when git will not switch, since that would overwrite uncommitted work.
    """
    run, current = Run(worktree, tag), current_run(worktree)
    if current is not None and current.tag == tag:
        return current
    if tag not in tags(worktree) or not any(
        event.kind is EventKind.BEGIN for event in journal.read_events(run.journal)
    ):
        return None
    git.switch(worktree.repo, run.branch)
    return run


def free_tag(worktree: Worktree, now: datetime) -> str:
    """Return a tag from the date that no run has: nov21, nov21-2, nov21-3."""
    base = f"{now:%b%d}".lower()
    taken = {name.removeprefix(BRANCHES) for name in git.refs(worktree.repo, BRANCHES)}
    number = 1
    while (tag := base if number == 1 else f"{base}-{number}") in taken or Run(worktree, tag).folder.exists():
        number += 1
    return tag


def start_run(worktree: Worktree, tag: str, now: datetime) -> Run:
    """Start a run from the commit under HEAD, and put HEAD on its branch; index and desk stay as they are.

    Safe to repeat after a kill at any point. Raises RatchetError where the repo or the desk is not fit for it.
    """
    check_tag(tag)
    run, base = Run(worktree, tag), check_worktree(worktree)
    if not _is_half_started(run, base):
        _refuse_taken(run)
        ignore_state(worktree)
        record_start(run, base, _first_commit(run, base), now)
    first = str(run_event(run).data["first"])
    if not git.move_ref(worktree.repo, run.branch, first, git.NOTHING, "ratchet: start"):
        _refuse_taken(run)
    git.point_head(worktree.repo, run.branch, f"ratchet: start {tag}")
    snapshots.settle_index(worktree.repo, first, [worktree.in_repo(path) for path in worktree.config.setup])
    return run


def record_start(run: Run, base: str, first: str, now: datetime) -> None:
    """Write the first event: the commit and branch under HEAD, the baseline's commit, what may not change."""
    parts = engine_parts(run.worktree, first)
    journal.append(
        run.journal,
        EventKind.RUN,
        {
            "tag": run.tag,
            "base": base,
            "from": git.head_branch(run.worktree.repo),
            "first": first,
            "parts": parts,
            "at": stamp(now),
        },
    )


def check_unchanged(run: Run, events: list[Event], measured_by: Mapping[str, str] | None = None) -> None:
    """Raise RatchetError when what gives the numbers their meaning is no longer what it was when the run started."""
    tip = git.resolve(run.worktree.repo, run.branch) or ""
    before = dict(run_event(run, events).data["parts"])
    now = engine_parts(run.worktree, tip)
    harness = next((event for event in events if event.kind is EventKind.HARNESS), None)
    if measured_by is not None and harness is not None:
        before |= harness.data["parts"]
        now |= measured_by
    changed = sorted(key for key in before.keys() | now.keys() if before.get(key) != now.get(key))
    if changed:
        what = "; ".join(f"{key} {before.get(key, 'absent')} → {now.get(key, 'absent')}" for key in changed)
        raise RatchetError(
            f"run {run.tag}: expected what it was started with, got a change: {what}. "
            "Numbers from before and after cannot be compared: undo it, or `uv run ratchet start` a new run."
        )


def run_event(run: Run, events: list[Event] | None = None) -> Event:
    """Return the first event of the run. Raises RatchetError when the journal does not begin with one."""
    events = journal.read_events(run.journal) if events is None else events
    if not events or events[0].kind is not EventKind.RUN:
        raise RatchetError(
            f"{run.journal}: expected the start of a run on line 1, got something else. Start a new run."
        )
    return events[0]


def stamp(now: datetime) -> str:
    """Return a moment as the journal writes it."""
    return now.isoformat(timespec="seconds")


def _head_text(worktree: Worktree) -> str:
    branch = git.head_branch(worktree.repo)
    return "a detached HEAD" if branch is None else branch.removeprefix("refs/heads/")


def _is_half_started(run: Run, base: str) -> bool:
    """A kill came between the first event and HEAD: nothing was measured, and HEAD is where it was."""
    events = journal.read_events(run.journal)
    if not events or events[0].kind is not EventKind.RUN or any(event.kind is EventKind.BEGIN for event in events):
        return False
    data, tip = events[0].data, git.resolve(run.worktree.repo, run.branch)
    return base in {data["base"], data["first"]} and tip in {None, data["first"]}


def _refuse_taken(run: Run) -> None:
    if git.resolve(run.worktree.repo, run.branch) is not None or run.journal.exists():
        raise RatchetError(f"tag: expected a new one, got {run.tag}, of which something is left. Choose another.")


def _first_commit(run: Run, base: str) -> str:
    """Return the commit that the run starts from: HEAD, or one on top of it that holds the setup files of the desk."""
    worktree = run.worktree
    setup = [worktree.in_repo(path) for path in worktree.config.setup]
    on_worktree, committed = (
        snapshots.store_worktree_files(worktree.repo, setup),
        snapshots.files_of(worktree.repo, base, setup),
    )
    changed = {path: on_worktree[path] for path in setup if on_worktree[path] != committed[path]}
    if not changed:
        return base
    names = ", ".join(path for path in worktree.config.setup if worktree.in_repo(path) in changed)
    return snapshots.make_commit(worktree.repo, base, changed, f"run {run.tag}: {names} as on the desk\n")
