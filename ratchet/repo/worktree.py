"""A desk: the work tree where files are edited, its config, and whether both are fit for an experiment."""

from __future__ import annotations

import fnmatch
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ratchet.core import config_file
from ratchet.core.config import Config, frozen_parts
from ratchet.errors import RatchetError, did_you_mean
from ratchet.repo import git, snapshots
from ratchet.repo.git import Repo

STATE = ".ratchet"  # folder at the top of the main work tree that holds the state of every run


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
    files = list(snapshots.tree_files(worktree.repo, commit))
    for path in worktree.config.readonly:
        if not any(is_under(file, worktree.in_repo(path)) for file in files):
            fix = did_you_mean(worktree.in_repo(path), files) or "Commit it, or take it off the list."
            raise RatchetError(f"readonly: expected a file of HEAD, got {path}. {fix}")


def check_frozen(worktree: Worktree, commit: str, paths: Sequence[str]) -> None:
    """Raise RatchetError when a frozen file on the desk is not as the commit holds it."""
    edited = snapshots.edited(worktree.repo, commit, [worktree.in_repo(path) for path in paths])
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
    files = snapshots.tree_files(worktree.repo, commit)
    return frozen_parts(worktree.config) | {path: _hash_under(files, path) for path in worktree.frozen}


def ignore_state(worktree: Worktree) -> None:
    """Have git overlook the state folder, in any repo, without touching a file of the user's."""
    mark = worktree.repo.main_root / STATE / ".gitignore"
    if not mark.exists():
        mark.parent.mkdir(parents=True, exist_ok=True)
        mark.write_text("*\n", "utf-8")


def is_under(path: str, pattern: str) -> bool:
    """Say whether a path, a directory/ or a glob names a file."""
    return path == pattern or (pattern.endswith("/") and path.startswith(pattern)) or fnmatch.fnmatch(path, pattern)


def _hash_under(files: Mapping[str, str], pattern: str) -> str:
    inside = [(path, name) for path, name in sorted(files.items()) if is_under(path, pattern)]
    digest = hashlib.sha256(repr(inside).encode("utf-8", "surrogateescape")).hexdigest()[:8]
    return digest if inside else "absent"
