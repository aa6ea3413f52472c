"""The worktree with its config, and a run: a tagged series of experiments on its own branch.

Guards the comparison: a run continues only while everything that its numbers depend on is unchanged since the start.
Covered: config, frozen files, setup files, the parts of the measuring server. Not covered: the machine.
"""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import json
import os
import re
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from ratchet.core import config_file
from ratchet.core.config import Config, frozen_parts
from ratchet.core.records import Experiment, is_tag
from ratchet.errors import RatchetError, RatchetWarning, did_you_mean
from ratchet.repo import git, journal
from ratchet.repo.files import hold_lock, holder_pid, left_since, make_same
from ratchet.repo.git import Repo
from ratchet.repo.journal import Event, EventKind

STATE = ".ratchet"  # folder at the root of the main worktree with the state of every run
MIRROR = "ratchet"  # folder in git's own one, which `git clean` and the removal of a worktree leave alone
JOURNAL = "journal.jsonl"
ARCHIVES = "*.tar.gz"  # of runs that were removed
KEPT = ("agent/*.log", "logs/*.log", "scores/*.npz")  # what takes long to compute again, or cannot be
BRANCHES = "refs/heads/autoresearch/"
TABLE = "results.tsv"
HERE = "./"  # an entry of the config for the whole folder of the config


@dataclass(frozen=True, slots=True)
class Worktree:
    """A worktree with a config; the paths of the config are relative to `root`, the folder that contains it."""

    repo: Repo
    root: Path
    config: Config

    def in_repo(self, path: str) -> str:
        """Return a path of the config relative to the root of the repo."""
        inside = self.root.relative_to(self.repo.root).as_posix()
        if path == HERE:
            return "**" if inside == "." else f"{inside}/"
        return path if inside == "." else f"{inside}/{path}"

    def names_of(self, paths: Sequence[str]) -> list[str]:
        """Return paths in the repo relative to the folder of the config."""
        inside = self.root.relative_to(self.repo.root).as_posix()
        return [path if inside == "." else path.removeprefix(f"{inside}/") for path in paths]

    @property
    def data_roots(self) -> list[Path]:
        """Folders to search for data that git ignores: this worktree, then the main one, which a linked one shares."""
        inside = self.root.relative_to(self.repo.root)
        return list(dict.fromkeys([self.root, self.repo.main_root / inside]))

    @property
    def editable(self) -> list[str]:
        """Files, folders and globs that an experiment may change, relative to the root of the repo."""
        return [self.in_repo(path) for path in self.config.editable]

    def editable_files(self, *commits: str) -> list[str]:
        """Return the files that an experiment may change: those in the worktree and those in the commits.

        A new file in an editable folder is one of them, a deleted one too; a frozen or ignored file is none.
        """
        if all(is_plain(path) for path in self.config.editable):
            return self.editable
        folders = [base_of(pattern) for pattern in self.editable]
        folders = [] if "" in folders else folders
        found = [
            git.worktree_files(self.repo, folders),
            *(git.commit_files(self.repo, old, folders) for old in commits),
        ]
        return sorted({path for paths in found for path in paths if self.is_editable(path)})

    def is_editable(self, path: str) -> bool:
        """Say whether an experiment may change a file of the repo: the config and our table are no part of a folder."""
        own = map(self.in_repo, (self.config.origin.partition(" ")[0], TABLE))
        if any(is_under(path, pattern) for pattern in self.frozen) or (path in own and path not in self.editable):
            return False
        return any(is_under(path, pattern) for pattern in self.editable)

    def edited_files(self, commit: str) -> list[str]:
        """Return the editable files that differ between a commit and the worktree."""
        paths = self.editable_files(commit)
        return git.edited_files(self.repo, commit, paths)

    @property
    def frozen(self) -> list[str]:
        """Paths that are frozen during a run, relative to the root of the repo."""
        return [self.in_repo(path) for path in (*self.config.readonly, *self.config.setup)]

    def is_ours(self, path: str) -> bool:
        """Say whether a file of the repo is editable or frozen."""
        return self.is_editable(path) or any(is_under(path, pattern) for pattern in self.frozen)


@dataclass(frozen=True, slots=True)
class Run:
    """A tagged series of experiments; `threads` limits one measurement, None means no limit.

    `table` is a second file for its results, which the user named.
    """

    worktree: Worktree
    tag: str
    threads: int | None = None
    table: Path | None = None

    @property
    def branch(self) -> str:
        """The branch with the kept experiments."""
        return f"{BRANCHES}{self.tag}"

    @property
    def folder(self) -> Path:
        """The folder with the state of the run, always under the main worktree."""
        return self.worktree.repo.main_root / STATE / self.tag

    @property
    def journal(self) -> Path:
        """The record of the run, from which everything else is computed."""
        return self.folder / JOURNAL

    @property
    def mirror(self) -> Path:
        """The folder with the lock, and with a second copy of what cannot be computed again."""
        return self.worktree.repo.common_dir / MIRROR / self.tag

    @property
    def results(self) -> Path:
        """The table that is computed from the journal after every verdict; never a file that is not ours."""
        names = (TABLE, *(f"results-{self.tag}{end}.tsv" for end in ("", *(f"-{number}" for number in range(2, 100)))))
        paths = [self.worktree.root / name for name in names]
        return next((path for path in paths if _is_free(path)), paths[-1])

    @property
    def stop_file(self) -> Path:
        """The stop request that `ratchet stop` writes."""
        return self.folder / "stop"

    def log(self, n: int) -> Path:
        """The log of experiment n: what its commands printed, bounded, without audit numbers."""
        return self.folder / "logs" / f"{n}.log"

    def ref(self, n: int) -> str:
        """The ref of experiment n, whatever its verdict."""
        return f"refs/ratchet/{self.tag}/{n}"

    def is_known(self) -> bool:
        """Say whether a run of this tag has left anything."""
        return self.folder.exists() or self.mirror.exists()

    def record(self, kind: EventKind, data: Mapping[str, Any]) -> None:
        """Append an event to the journal and its mirror. Raises RatchetError if the disk refuses it."""
        journal.append(self.journal, kind, data, self.mirror / JOURNAL)

    @contextlib.contextmanager
    def hold(self, what: str) -> Iterator[str]:
        """Hold the lock of the run; yield what `hold_lock` does. Its other name in the folder of the run is for people.

        Raises LockedError if another process has the lock.
        """
        lock = self.mirror / "lock"
        with hold_lock(lock, what) as note:
            with contextlib.suppress(OSError):
                make_same(lock, self.folder / "lock")
            yield note

    def left_since(self) -> float | None:
        """Return since when a process had the lock that was killed with it; None if the last one gave it back."""
        return left_since(self.mirror / "lock")

    def holder_pid(self) -> int | None:
        """Return the pid of the process that works on the run (0 if it is not known), or None."""
        return holder_pid(self.mirror / "lock")

    def save_files(self) -> None:
        """Copy logs and scores to the mirror. A disk error is ignored: the run does not depend on them."""
        with contextlib.suppress(OSError):
            _copy_missing(self.folder, self.mirror)

    def restore(self) -> str:
        """Restore journal, logs and scores if they were deleted; return a sentence about it, or "". Raises OSError."""
        if not journal.keep_in_step(self.journal, self.mirror / JOURNAL):
            return ""
        ignore_state(self.worktree)
        _copy_missing(self.mirror, self.folder)
        return (
            f"run {self.tag}: {STATE}/{self.tag}/{JOURNAL} was deleted or cut off, and is restored from {self.mirror}"
        )


def open_worktree(start: Path, config_path: Path | None = None) -> Worktree:
    """Return the worktree that contains `start`. Raises RatchetError if there is no repo or no valid config."""
    repo = git.open_repo(start)
    path = config_path.resolve() if config_path else config_file.find(start.resolve())
    if not path.is_relative_to(repo.root.resolve()):
        raise RatchetError(f"{path}: this config is outside of the repository {repo.root}. Move it inside.")
    root = repo.root / path.parent.relative_to(repo.root.resolve())
    worktree = _with_folders(Worktree(repo=repo, root=root, config=config_file.load(path)))
    restore_runs(worktree)
    return worktree


def _with_folders(worktree: Worktree) -> Worktree:
    """Return the worktree with a final slash at each entry of editable that is a folder."""
    entries = worktree.config.editable
    named = tuple(f"{entry}/" if is_plain(entry) and _is_folder(worktree, entry) else entry for entry in entries)
    if named != entries and worktree.config.serve:
        raise RatchetError(f"serve: a server needs one editable file, and {entries[0]} is a folder. Use run alone.")
    return worktree if named == entries else replace(worktree, config=replace(worktree.config, editable=named))


def _is_folder(worktree: Worktree, entry: str) -> bool:
    target = worktree.root / entry
    if target.is_symlink() or target.exists():
        return target.is_dir() and not target.is_symlink()
    try:  # it was deleted
        return bool(git.call(worktree.repo.root, "ls-tree", "-d", "HEAD", "--", worktree.in_repo(entry)))
    except git.GitError:
        return False  # there is no commit


def restore_runs(worktree: Worktree) -> None:
    """Restore each run whose journal was deleted, with a RatchetWarning; give each run of before a mirror."""
    repo = worktree.repo
    folders = (repo.main_root / STATE, repo.common_dir / MIRROR)
    for tag in sorted({path.parent.name for folder in folders for path in folder.glob(f"*/{JOURNAL}")}):
        with contextlib.suppress(OSError):  # a disk that only can be read
            if text := Run(worktree, tag).restore():
                warnings.warn(text, RatchetWarning, stacklevel=2)
    with contextlib.suppress(OSError):
        if not folders[0].exists() and any(folders[1].glob(ARCHIVES)):
            ignore_state(worktree)
        _copy_missing(folders[0], folders[1], (ARCHIVES,))


def check_worktree(worktree: Worktree) -> str:
    """Return the commit of HEAD. Raises RatchetError if a run cannot start here."""
    repo = worktree.repo
    if git.head_branch(repo) is None:
        raise RatchetError("HEAD: HEAD is detached. `git switch -c NAME` creates a branch here.")
    base = git.resolve(repo, "HEAD")
    if base is None:
        raise RatchetError("HEAD: the repository has no commit. Run `git add -A && git commit -m start`.")
    if git.is_unmerged(repo):
        raise RatchetError("index: the index has merge conflicts. Finish or abort the merge first.")
    state = repo.main_root / STATE
    if state.exists() and not state.is_dir():
        raise RatchetError(f"{STATE}: this file stands where the runs are kept. Rename it.")
    check_frozen(worktree, base, worktree.config.readonly)
    _check_readonly(worktree, base)
    for path in worktree.editable_files(base):
        check_editable(worktree, path)
    _check_scope(worktree, base)
    return base


def _check_scope(worktree: Worktree, commit: str) -> None:
    """Raise RatchetError for an entry of editable with no file in the commit that an experiment may change."""
    files = list(git.tree_files(worktree.repo, commit))
    for entry in worktree.config.editable:
        found = [path for path in files if is_under(path, worktree.in_repo(entry))]
        if not found:
            what = "file is not in HEAD" if is_plain(entry) else "entry matches no file of HEAD"
            force = "-f " if is_plain(entry) and git.is_ignored(worktree.repo, worktree.in_repo(entry)) else ""
            raise RatchetError(f"{entry}: this editable {what}. Run `git add {force}{entry}` and commit it.")
        if not any(map(worktree.is_editable, found)):
            raise RatchetError(
                f"{entry}: this file is editable, and readonly or setup freezes it. Keep one of the two."
            )


def _check_readonly(worktree: Worktree, commit: str) -> None:
    """Raise RatchetError for an entry of readonly that matches no file and therefore protects nothing."""
    files = list(git.tree_files(worktree.repo, commit))
    for path in worktree.config.readonly:
        if not any(is_under(file, worktree.in_repo(path)) for file in files):
            fix = did_you_mean(worktree.in_repo(path), files) or "Commit it, or remove it from readonly."
            raise RatchetError(f"readonly: {path} matches no file of HEAD. {fix}")


def check_frozen(worktree: Worktree, commit: str, paths: Sequence[str]) -> None:
    """Raise RatchetError if a frozen file in the worktree differs from the commit."""
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
            f"{one}: this file is frozen during a run and has been edited. `git restore {one}` undoes the edit; "
            f"to keep it, {keep}."
        )


def check_editable(worktree: Worktree, path: str) -> None:
    """Raise RatchetError if an editable file, by its path in the repo, is a symbolic link or lies below one."""
    root = worktree.repo.root
    whole = root / path
    links = [part for part in (whole, *whole.parents) if part != root and part.is_symlink()]
    if any(part.is_relative_to(root) for part in links):
        raise RatchetError(f"{path}: an editable file must not be a symbolic link. Replace the link by the file.")


def engine_parts(worktree: Worktree, commit: str) -> dict[str, str]:
    """Return a short hash of each frozen part of a commit and of the config."""
    files = git.tree_files(worktree.repo, commit)
    return frozen_parts(worktree.config) | {path: _hash_under(files, path) for path in worktree.frozen}


def ignore_state(worktree: Worktree, *others: str) -> None:
    """Make git ignore the state folder and other paths, by files of its own, so that no file of the user changes."""
    git.exclude(worktree.repo, [f"{STATE}/", *others])
    mark = worktree.repo.main_root / STATE / ".gitignore"
    if not mark.exists():
        mark.parent.mkdir(parents=True, exist_ok=True)
        mark.write_text("*\n", "utf-8")
        _copy_missing(worktree.repo.common_dir / MIRROR, mark.parent, (ARCHIVES,))  # the folder is new, or was deleted


def _is_free(path: Path) -> bool:
    """Say whether a path has no file, or a table of ours, which its columns show."""
    if not os.path.lexists(path):
        return True
    if path.is_symlink() or not path.is_file():
        return False
    with path.open("rb") as file:
        head = file.readline(10_000)
    return head.startswith(b"n\tcommit\t") and b"\tstatus\tstrategy\t" in head


def check_table(path: Path) -> Path:
    """Return a path for the table of a run. Raises RatchetError if there is a file that is not ours, or no folder."""
    if not path.resolve().parent.is_dir():
        raise RatchetError(f"{path}: there is no folder {path.parent}. Make it first.")
    if not _is_free(path):
        raise RatchetError(f"{path}: this file is no table of ratchet, and is not overwritten. Name another file.")
    return path.resolve()


def current_run(worktree: Worktree) -> Run | None:
    """Return the run of the current branch, or None."""
    branch = git.head_branch(worktree.repo)
    if branch is None or not branch.startswith(BRANCHES):
        return None
    run = Run(worktree, branch.removeprefix(BRANCHES))
    return run if is_tag(run.tag) and run.journal.exists() else None


def require_run(worktree: Worktree) -> Run:
    """Return the current run. Raises RatchetError if the current branch is not a run branch."""
    run = current_run(worktree)
    if run is None:
        head = git.head_branch(worktree.repo) or ""
        if head.startswith(BRANCHES):
            tag = head.removeprefix(BRANCHES)
            raise RatchetError(
                f"run {tag}: its journal {STATE}/{tag}/{JOURNAL} is missing. A journal stays on the machine of the "
                "run. `uv run ratchet start NAME` starts a new run from this branch."
            )
        known = ", ".join(tags(worktree)) or "none"
        raise RatchetError(
            f"HEAD: {_head_text(worktree)} is not a run branch (autoresearch/TAG). "
            f"Run `uv run ratchet start TAG` or `git switch autoresearch/TAG` (runs: {known})."
        )
    return run


def find_run(worktree: Worktree, tag: str) -> Run:
    """Return the run with this tag, from whatever branch is checked out. Raises RatchetError if it does not exist."""
    check_tag(tag)
    run = Run(worktree, tag)
    if not run.journal.exists():
        known = recorded(worktree)
        fix = did_you_mean(tag, known) or f"Recorded runs: {', '.join(known) or 'none'}."
        raise RatchetError(f"TAG: there is no run {tag}. {fix}")
    return run


def find_experiment(run: Run, number: int) -> Experiment:
    """Return experiment N. Raises RatchetError if the run does not have it."""
    history = journal.read_experiments(run.journal)
    for experiment in history:
        if experiment.n == number:
            return experiment
    have = f"Use 0 to {history[-1].n}." if history else "It has none yet."
    raise RatchetError(f"N: run {run.tag} has no experiment {number}. {have}")


def recorded(worktree: Worktree) -> list[str]:
    """Return the tag of every run with a journal, the oldest first, also of one whose branch was deleted."""
    journals = (worktree.repo.main_root / STATE).glob("*/journal.jsonl")
    return [path.parent.name for path in sorted(journals, key=_started) if is_tag(path.parent.name)]


def _started(path: Path) -> tuple[str, str]:
    """Return when a run was started, by its first event; empty if that cannot be read."""
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            return str(json.loads(file.readline()).get("at", "")), path.parent.name
    except (OSError, ValueError, AttributeError):
        return "", path.parent.name


def tags(worktree: Worktree) -> list[str]:
    """Return the tag of each run with a branch and a journal."""
    found = (name.removeprefix(BRANCHES) for name in git.refs(worktree.repo, BRANCHES))
    return [tag for tag in found if Run(worktree, tag).journal.exists()]


def check_tag(tag: str) -> None:
    """Raise RatchetError if the tag is not a valid name of a run."""
    if not is_tag(tag):
        shown = tag if len(tag) <= 40 else f"{tag[:40]}…"
        raise RatchetError(
            f"tag: {shown!r} is not a valid tag. Use at most 60 characters of A-Z a-z 0-9 . _ -, start with a letter "
            "or digit, avoid .. and do not end with . or .lock."
        )


def take_up(worktree: Worktree, tag: str) -> Run | None:
    """Switch to the branch of an existing run and return the run, or None if it has no experiment yet.

    Raises RatchetError if the switch would overwrite uncommitted work.
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
    """Return an unused tag made from the date: nov21, nov21-2, nov21-3."""
    base = f"{now:%b%d}".lower()
    taken = {name.removeprefix(BRANCHES) for name in git.refs(worktree.repo, BRANCHES)}
    number = 1
    while (tag := base if number == 1 else f"{base}-{number}") in taken or Run(worktree, tag).is_known():
        number += 1
    return tag


def start_run(worktree: Worktree, tag: str, now: datetime) -> Run:
    """Start a run from the commit of HEAD and put HEAD on its branch; index and worktree stay unchanged.

    Safe to repeat after a kill at any point. Raises RatchetError if the repo or the worktree is not ready for a run.
    """
    check_tag(tag)
    _check_no_path(worktree, tag)
    run, base = Run(worktree, tag), check_worktree(worktree)
    if not _is_half_started(run, base):
        _refuse_taken(run)
        ignore_state(worktree, worktree.in_repo(run.results.name))
        record_start(run, base, _first_commit(run, base), now)
    first = str(run_event(run).data["first"])
    if not git.move_ref(worktree.repo, run.branch, first, git.NOTHING, "ratchet: start"):
        _refuse_taken(run)
    git.point_head(worktree.repo, run.branch, f"ratchet: start {tag}")
    git.settle_index(worktree.repo, first, [worktree.in_repo(path) for path in worktree.config.setup])
    return run


def _check_no_path(worktree: Worktree, tag: str) -> None:
    """Raise RatchetError for a tag that is the path of a file or a folder: the user meant something else."""
    roots = dict.fromkeys([worktree.root, worktree.repo.root])
    if any(os.path.lexists(root / tag) for root in roots):
        raise RatchetError(
            f"tag: {tag} is a path of this repository, and a tag is a new name for a run. Choose another one, such as "
            f"`uv run ratchet start first`; `uv run ratchet step` measures the edit in the worktree."
        )


def record_start(run: Run, base: str, first: str, now: datetime) -> None:
    """Write the first event: commit and branch of HEAD, commit of the baseline, hashes of the frozen parts."""
    parts = engine_parts(run.worktree, first)
    run.record(
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
    """Raise RatchetError if a part that the numbers depend on has changed since the run started."""
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
            f"run {run.tag}: changed since the run started: {what}. Numbers from before and after the change cannot be "
            "compared. Undo the change, or start a new run with `uv run ratchet start NAME`."
        )


def run_event(run: Run, events: list[Event] | None = None) -> Event:
    """Return the first event of the run. Raises RatchetError if it is not the start of a run."""
    events = journal.read_events(run.journal) if events is None else events
    if not events or events[0].kind is not EventKind.RUN:
        raise RatchetError(f"{run.journal}: line 1 is not the start of a run. Start a new run.")
    return events[0]


def stamp(now: datetime) -> str:
    """Return a time in the format of the journal."""
    return now.isoformat(timespec="seconds")


def _copy_missing(source: Path, target: Path, patterns: Sequence[str] = KEPT) -> None:
    """Give the files that a folder lacks, or has in another length, to it."""
    for path in (path for pattern in patterns for path in source.glob(pattern)):
        copy = target / path.relative_to(source)
        if not copy.exists() or copy.stat().st_size != path.stat().st_size:
            make_same(path, copy)


def _head_text(worktree: Worktree) -> str:
    branch = git.head_branch(worktree.repo)
    return "a detached HEAD" if branch is None else branch.removeprefix("refs/heads/")


def _is_half_started(run: Run, base: str) -> bool:
    """Say whether a kill interrupted the start: nothing is measured, and HEAD has not moved."""
    events = journal.read_events(run.journal)
    if not events or events[0].kind is not EventKind.RUN or any(event.kind is EventKind.BEGIN for event in events):
        return False
    data, tip = events[0].data, git.resolve(run.worktree.repo, run.branch)
    return base in {data["base"], data["first"]} and tip in {None, data["first"]}


def _refuse_taken(run: Run) -> None:
    if not run.journal.exists() and run.folder.exists() and any(run.folder.iterdir()):
        raise RatchetError(f"tag: {STATE}/{run.tag} holds files that are of no run. Choose another tag, or move them.")
    if git.resolve(run.worktree.repo, run.branch) is not None or run.journal.exists():
        raise RatchetError(
            f"tag: a branch or a journal of a run {run.tag} exists already. Choose another tag; "
            f"`uv run ratchet clean {run.tag}` removes that run, and keeps an archive of it."
        )


def _first_commit(run: Run, base: str) -> str:
    """Return the commit to start from: HEAD, or a commit on top of it with the edited setup files."""
    worktree = run.worktree
    setup = [worktree.in_repo(path) for path in worktree.config.setup]
    on_worktree = git.store_worktree_files(worktree.repo, setup, base)
    changed = {path: on_worktree[path] for path in git.differing(on_worktree, git.files_of(worktree.repo, base, setup))}
    if not changed:
        return base
    names = ", ".join(path for path in worktree.config.setup if worktree.in_repo(path) in changed)
    return git.make_commit(worktree.repo, base, changed, f"run {run.tag}: {names} as in the worktree\n")


def is_plain(pattern: str) -> bool:
    """Say whether an entry of editable or readonly is one file: no folder/ and no glob."""
    return not pattern.endswith("/") and git.GLOB.isdisjoint(pattern)


def base_of(pattern: str) -> str:
    """Return the path before the first glob in a pattern, as far as it is whole; the pattern itself without one."""
    parts = pattern.rstrip("/").split("/")
    return "/".join(itertools.takewhile(git.GLOB.isdisjoint, parts))


def is_under(path: str, pattern: str) -> bool:
    """Say whether a file, a folder or a glob names a file of the repo; `*` and `?` stop at a slash, as in git."""
    entry = pattern.rstrip("/")
    if path == entry or path.startswith(f"{entry}/"):
        return True
    return not git.GLOB.isdisjoint(entry) and _glob(pattern).fullmatch(path) is not None


@lru_cache(maxsize=256)
def _glob(pattern: str) -> re.Pattern[str]:
    """Translate a glob of git: `**/` is any folders, `/**` is all that is inside, a final slash too."""
    parts = re.split(r"(\*\*/|/\*\*$|\*\*|\*|\?|\[!?\]?[^]/]*\])", pattern + ("**" if pattern.endswith("/") else ""))
    known = {"**/": "(?:.*/)?", "/**": "/.*", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    return re.compile("".join(known.get(part) or _set_or_text(part) for part in parts))


def _set_or_text(part: str) -> str:
    if len(part) > 2 and part.startswith("[") and part.endswith("]"):
        inside = part[1:-1].replace("\\", r"\\")
        return f"[{'^' + inside[1:] if inside.startswith('!') else inside}]"
    return re.escape(part)


def _hash_under(files: Mapping[str, str], pattern: str) -> str:
    inside = [(path, name) for path, name in sorted(files.items()) if is_under(path, pattern)]
    digest = hashlib.sha256(repr(inside).encode("utf-8", "surrogateescape")).hexdigest()[:8]
    return digest if inside else "absent"
