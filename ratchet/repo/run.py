"""The worktree with its config, and a run: a tagged series of experiments on its own branch.

Guards the comparison: a run continues only while everything that its numbers depend on is unchanged since the start.
Covered: config, frozen files, setup files, the parts of the measuring server. Not covered: the machine.
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

STATE = ".ratchet"  # folder at the root of the main worktree with the state of every run
BRANCHES = "refs/heads/autoresearch/"


@dataclass(frozen=True, slots=True)
class Worktree:
    """A worktree with a config; the paths of the config are relative to `root`, the folder that contains it."""

    repo: Repo
    root: Path
    config: Config

    def in_repo(self, path: str) -> str:
        """Return a path of the config relative to the root of the repo."""
        inside = self.root.relative_to(self.repo.root).as_posix()
        return path if inside == "." else f"{inside}/{path}"

    @property
    def data_roots(self) -> list[Path]:
        """Folders to search for data that git ignores: this worktree, then the main one, which a linked one shares."""
        inside = self.root.relative_to(self.repo.root)
        return list(dict.fromkeys([self.root, self.repo.main_root / inside]))

    @property
    def editable(self) -> list[str]:
        """Paths that an experiment may change, relative to the root of the repo."""
        return [self.in_repo(path) for path in self.config.editable]

    @property
    def frozen(self) -> list[str]:
        """Paths that are frozen during a run, relative to the root of the repo."""
        return [self.in_repo(path) for path in (*self.config.readonly, *self.config.setup)]

    def is_ours(self, path: str) -> bool:
        """Say whether a file of the repo is editable or frozen."""
        return any(is_under(path, pattern) for pattern in (*self.editable, *self.frozen))


@dataclass(frozen=True, slots=True)
class Run:
    """A tagged series of experiments; `threads` limits one measurement, None means no limit."""

    worktree: Worktree
    tag: str
    threads: int | None = None

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
        return self.folder / "journal.jsonl"

    @property
    def results(self) -> Path:
        """The table that is computed from the journal after every verdict."""
        return self.worktree.root / "results.tsv"

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


def open_worktree(start: Path, config_path: Path | None = None) -> Worktree:
    """Return the worktree that contains `start`. Raises RatchetError if there is no repo or no valid config."""
    repo = git.open_repo(start)
    path = config_path.resolve() if config_path else config_file.find(start.resolve())
    if not path.is_relative_to(repo.root.resolve()):
        raise RatchetError(f"{path}: this config is outside of the repository {repo.root}. Move it inside.")
    return Worktree(
        repo=repo, root=repo.root / path.parent.relative_to(repo.root.resolve()), config=config_file.load(path)
    )


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
    check_frozen(worktree, base, worktree.config.readonly)
    _check_readonly(worktree, base)
    for path in worktree.config.editable:
        check_editable(worktree, path)
        if git.blob(repo, base, worktree.in_repo(path)) is None:
            raise RatchetError(f"{path}: this editable file is not in HEAD. Run `git add {path}` and commit it.")
    return base


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
    """Raise RatchetError if an editable file is a symbolic link or lies below one."""
    whole = worktree.root / path
    links = [part for part in (whole, *whole.parents) if part != worktree.root and part.is_symlink()]
    if any(part.is_relative_to(worktree.root) for part in links):
        raise RatchetError(f"{path}: an editable file must not be a symbolic link. Replace the link by the file.")


def engine_parts(worktree: Worktree, commit: str) -> dict[str, str]:
    """Return a short hash of each frozen part of a commit and of the config."""
    files = git.tree_files(worktree.repo, commit)
    return frozen_parts(worktree.config) | {path: _hash_under(files, path) for path in worktree.frozen}


def ignore_state(worktree: Worktree) -> None:
    """Make git ignore the state folder by a .gitignore inside it, so that no file of the user changes."""
    mark = worktree.repo.main_root / STATE / ".gitignore"
    if not mark.exists():
        mark.parent.mkdir(parents=True, exist_ok=True)
        mark.write_text("*\n", "utf-8")


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
                f"run {tag}: its journal {STATE}/{tag}/journal.jsonl is missing. A journal stays on the machine of the "
                "run. `uv run ratchet start NAME` starts a new run from this branch."
            )
        known = ", ".join(tags(worktree)) or "none"
        raise RatchetError(
            f"HEAD: {_head_text(worktree)} is not a run branch (autoresearch/TAG). "
            f"Run `uv run ratchet start TAG` or `git switch autoresearch/TAG` (runs: {known})."
        )
    return run


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
    while (tag := base if number == 1 else f"{base}-{number}") in taken or Run(worktree, tag).folder.exists():
        number += 1
    return tag


def start_run(worktree: Worktree, tag: str, now: datetime) -> Run:
    """Start a run from the commit of HEAD and put HEAD on its branch; index and worktree stay unchanged.

    Safe to repeat after a kill at any point. Raises RatchetError if the repo or the worktree is not ready for a run.
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
    """Write the first event: commit and branch of HEAD, commit of the baseline, hashes of the frozen parts."""
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
            "compared. Undo the change, or start a new run with `uv run ratchet start`."
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
    if git.resolve(run.worktree.repo, run.branch) is not None or run.journal.exists():
        raise RatchetError(f"tag: a branch or a journal of a run {run.tag} exists already. Choose another tag.")


def _first_commit(run: Run, base: str) -> str:
    """Return the commit to start from: HEAD, or a commit on top of it with the edited setup files."""
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
    return git.make_commit(worktree.repo, base, changed, f"run {run.tag}: {names} as in the worktree\n")


def is_under(path: str, pattern: str) -> bool:
    """Say whether a path, a directory/ or a glob names a file."""
    return path == pattern or (pattern.endswith("/") and path.startswith(pattern)) or fnmatch.fnmatch(path, pattern)


def _hash_under(files: Mapping[str, str], pattern: str) -> str:
    inside = [(path, name) for path, name in sorted(files.items()) if is_under(path, pattern)]
    digest = hashlib.sha256(repr(inside).encode("utf-8", "surrogateescape")).hexdigest()[:8]
    return digest if inside else "absent"
