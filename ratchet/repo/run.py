"""A run: a tagged series of experiments on its own branch, and how one starts.

Guards the comparison: a run goes on only while everything that gives its numbers their meaning is as it was at the
start. Covered: config, frozen files, setup files, what the measuring server is made of. Not covered: the machine.
"""

from __future__ import annotations

import fnmatch
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from ratchet.core import config_file
from ratchet.core.config import Config, frozen_parts
from ratchet.core.records import is_tag
from ratchet.errors import RatchetError, did_you_mean
from ratchet.repo import git, journal
from ratchet.repo.git import Repo
from ratchet.repo.journal import Event, EventKind

STATE = ".ratchet"  # folder at the top of the main work tree that holds the state of every run
BRANCHES = "refs/heads/autoresearch/"


@dataclass(frozen=True, slots=True)
class Worktree:
    """A work tree with a config: `root` is the folder of the config, and its paths are relative to it."""

    repo: Repo
    root: Path
    config: Config

    def in_repo(self, path: str) -> str:
        """Return a path of the config as git sees it from the top of the repo."""
        inside = self.root.relative_to(self.repo.root).as_posix()
        return path if inside == "." else f"{inside}/{path}"

    @property
    def data_roots(self) -> list[Path]:
        """Where data that git ignores may lie: here, else in the main work tree, which a linked one shares."""
        inside = self.root.relative_to(self.repo.root)
        return list(dict.fromkeys([self.root, self.repo.main_root / inside]))

    @property
    def editable(self) -> list[str]:
        """What an experiment may change, as git sees it."""
        return [self.in_repo(path) for path in self.config.editable]

    @property
    def frozen(self) -> list[str]:
        """What nobody may change during a run, as git sees it."""
        return [self.in_repo(path) for path in (*self.config.readonly, *self.config.setup)]

    def is_ours(self, path: str) -> bool:
        """Whether a file, as git sees it, is one that an experiment may change or that nobody may."""
        return any(is_under(path, pattern) for pattern in (*self.editable, *self.frozen))


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


def open_worktree(start: Path, config_path: Path | None = None) -> Worktree:
    """Return the desk that holds `start`. Raises RatchetError where there is no repo or no sound config."""
    repo = git.open_repo(start)
    path = config_path.resolve() if config_path else config_file.find(start.resolve())
    if not path.is_relative_to(repo.root.resolve()):
        raise RatchetError(f"{path}: expected a config inside {repo.root}, got one outside.")
    return Worktree(
        repo=repo, root=repo.root / path.parent.relative_to(repo.root.resolve()), config=config_file.load(path)
    )


def check_worktree(worktree: Worktree) -> str:
    """Return the commit under HEAD. Raises RatchetError, one clear line, where a run cannot start or go on."""
    repo = worktree.repo
    if git.head_branch(repo) is None:
        raise RatchetError("HEAD: expected a branch, got a detached HEAD. `git switch -c NAME` makes one here.")
    base = git.resolve(repo, "HEAD")
    if base is None:
        raise RatchetError("HEAD: expected a commit, got an empty repository. `git add -A && git commit -m start`.")
    if git.is_unmerged(repo):
        raise RatchetError("index: expected no conflicts, got an unmerged index. Finish or abort the merge first.")
    check_frozen(worktree, base, worktree.config.readonly)
    _check_readonly(worktree, base)
    for path in worktree.config.editable:
        check_editable(worktree, path)
        if git.blob(repo, base, worktree.in_repo(path)) is None:
            raise RatchetError(f"{path}: expected a committed file, got none in HEAD. `git add {path}` and commit it.")
    return base


def _check_readonly(worktree: Worktree, commit: str) -> None:
    """Raise RatchetError for an entry that names no file: it would protect nothing."""
    files = list(git.tree_files(worktree.repo, commit))
    for path in worktree.config.readonly:
        if not any(is_under(file, worktree.in_repo(path)) for file in files):
            fix = did_you_mean(worktree.in_repo(path), files) or "Commit it, or take it off the list."
            raise RatchetError(f"readonly: expected a file of HEAD, got {path}. {fix}")


def check_frozen(worktree: Worktree, commit: str, paths: Sequence[str]) -> None:
    """Raise RatchetError when a frozen file on the desk is not as the commit holds it."""
    edited = git.edited(worktree.repo, commit, [worktree.in_repo(path) for path in paths])
    if edited:
        one = edited[0]
        keep = "start a new run with it: `uv run ratchet start NAME`"
        keep = (
            keep
            if {*edited} <= {worktree.in_repo(path) for path in worktree.config.setup}
            else f"commit it, and {keep}"
        )
        raise RatchetError(
            f"{one}: expected the frozen file as committed, got an edit. `git restore {one}` undoes it; "
            f"to keep it, {keep}."
        )


def check_editable(worktree: Worktree, path: str) -> None:
    """Raise RatchetError when an editable file is not a plain file of this desk."""
    whole = worktree.root / path
    links = [part for part in (whole, *whole.parents) if part != worktree.root and part.is_symlink()]
    if any(part.is_relative_to(worktree.root) for part in links):
        raise RatchetError(f"{path}: expected a plain file, got a symbolic link. Replace it by the file itself.")


def engine_parts(worktree: Worktree, commit: str) -> dict[str, str]:
    """Return a short hash of every part of a commit and of the config that a run may not change."""
    files = git.tree_files(worktree.repo, commit)
    return frozen_parts(worktree.config) | {path: _hash_under(files, path) for path in worktree.frozen}


def ignore_state(worktree: Worktree) -> None:
    """Have git overlook the state folder, in any repo, without touching a file of the user's."""
    mark = worktree.repo.main_root / STATE / ".gitignore"
    if not mark.exists():
        mark.parent.mkdir(parents=True, exist_ok=True)
        mark.write_text("*\n", "utf-8")


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
    git.settle_index(worktree.repo, first, [worktree.in_repo(path) for path in worktree.config.setup])
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
        git.store_worktree_files(worktree.repo, setup),
        git.files_of(worktree.repo, base, setup),
    )
    changed = {path: on_worktree[path] for path in setup if on_worktree[path] != committed[path]}
    if not changed:
        return base
    names = ", ".join(path for path in worktree.config.setup if worktree.in_repo(path) in changed)
    return git.make_commit(worktree.repo, base, changed, f"run {run.tag}: {names} as on the desk\n")


def is_under(path: str, pattern: str) -> bool:
    """Say whether a path, a directory/ or a glob names a file."""
    return path == pattern or (pattern.endswith("/") and path.startswith(pattern)) or fnmatch.fnmatch(path, pattern)


def _hash_under(files: Mapping[str, str], pattern: str) -> str:
    inside = [(path, name) for path, name in sorted(files.items()) if is_under(path, pattern)]
    digest = hashlib.sha256(repr(inside).encode("utf-8", "surrogateescape")).hexdigest()[:8]
    return digest if inside else "absent"
