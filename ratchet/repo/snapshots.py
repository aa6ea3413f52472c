"""Files between desk, commits and index: snapshots are made and put back without touching anything else.

Guards the user's work. Covered: no call touches the index or the desk beyond the paths it is given, and a file on the
desk changes in one step. Not covered: two programs that write the same file at the same moment.
"""

from __future__ import annotations

import contextlib
import os
import re
import stat
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path

from ratchet.repo import git
from ratchet.repo.git import Repo

FALLBACK_NAME, FALLBACK_EMAIL = "ratchet", "ratchet@localhost"
INDEX_TRIES = 20
REMEMBERED = 32  # answers of git: a loop asks for the best so far ten times an experiment
_HASH = re.compile("[0-9a-f]{40}|[0-9a-f]{64}")

Files = Mapping[str, tuple[str, str] | None]  # mode and hash of each path; None where there is no file


def edited(repo: Repo, commit: str, paths: Sequence[str]) -> list[str]:
    """Return the files under `paths` that differ between a commit and the desk."""
    if not paths:
        return []
    specs = [f":(top,glob){path}" for path in paths]
    return _names(
        git.call(repo.root, "diff", "--no-ext-diff", "--no-renames", "--name-only", "-z", commit, "--", *specs)
    )


def changed(repo: Repo, old: str, new: str) -> list[str]:
    """Return the files that differ between two commits."""
    return _names(git.call(repo.root, "diff", "--no-ext-diff", "--no-renames", "--name-only", "-z", old, new))


def uncommitted(repo: Repo) -> list[str]:
    """Return the files that git knows and that differ from HEAD, on the desk or in the index."""
    rows = _names(git.call(repo.root, "status", "--porcelain", "--no-renames", "--untracked-files=no", "-z"))
    return [row[3:] for row in rows]


def tree_files(repo: Repo, commit: str) -> dict[str, str]:
    """Return the hash of every file in a commit, by path."""
    rows = _names(git.call(repo.root, "ls-tree", "-r", "-z", "--full-tree", commit))
    return {path: row.split()[2] for row, _, path in (row.partition("\t") for row in rows)}


def read_file(repo: Repo, commit: str, path: str) -> bytes | None:
    """Return a file of a commit as a checkout would write it, or None when it is not there."""
    return contents(repo, files_of(repo, commit, [path]))[path]


def write_file(repo: Repo, commit: str, path: str, target: Path) -> None:
    """Write a file of a commit to `target`, in one step; one that is not there is written empty."""
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f"{target.name}.ratchet~")
    temporary.write_bytes(read_file(repo, commit, path) or b"")
    temporary.replace(target)


def contents(repo: Repo, files: Files) -> dict[str, bytes | None]:
    """Return stored files as a checkout would write them."""
    return {path: None if held is None else _content(repo, path, held[1]) for path, held in files.items()}


def store_worktree_files(repo: Repo, paths: Sequence[str]) -> Files:
    """Store `paths` as they are on the desk, and return what a commit needs to know of them."""
    return {path: _store(repo, path) for path in paths}


def files_of(repo: Repo, commit: str, paths: Sequence[str]) -> Files:
    """Return what a commit holds of `paths`."""
    read = _tree_rows if _HASH.fullmatch(commit) else _tree_rows.__wrapped__
    parts = (row.partition("\t") for row in (read(repo, commit, tuple(paths)) if paths else ()))
    held = {path: (left.split()[0], left.split()[2]) for left, _, path in parts}
    return {path: held.get(path) for path in paths}


def make_commit(repo: Repo, parent: str, files: Files, message: str, *, at: str = "") -> str:
    """Make a commit on top of `parent` that differs in `files` alone; no ref, index or desk file is touched.

    With `at`, a moment in ISO 8601, the same input makes the same commit whenever it is made.
    """
    with _scratch_index(repo) as env:
        git.call(repo.root, "read-tree", parent, env=env)
        git.call(repo.root, "update-index", "-z", "--index-info", env=env, stdin=_index_info(repo, files))
        tree = git.call(repo.root, "write-tree", env=env).decode().strip()
    arguments = ("commit-tree", tree, "-p", parent, "-F", "-")
    env = _identity(repo) | ({"GIT_AUTHOR_DATE": at, "GIT_COMMITTER_DATE": at} if at else {})
    return git.call(repo.root, *arguments, env=env, stdin=message.encode()).decode().strip()


def settle_index(repo: Repo, commit: str, paths: Sequence[str]) -> None:
    """Give the index entries of `paths` what `commit` holds, so that `git status` is clean; no other entry changes."""
    lines = _index_info(repo, files_of(repo, commit, paths))
    for attempt in range(INDEX_TRIES):
        try:
            git.call(repo.root, "update-index", "-z", "--index-info", stdin=lines)
            return
        except git.GitError as error:  # somebody else's git holds index.lock for a moment
            if "index.lock" not in str(error) or attempt == INDEX_TRIES - 1:
                raise
            time.sleep(0.1)


def put_back(repo: Repo, commit: str, paths: Sequence[str]) -> None:
    """Write `paths` on the desk as `commit` holds them, each in one step; a file it does not hold is removed."""
    put_files(repo, files_of(repo, commit, paths))


def put_files(repo: Repo, files: Files) -> None:
    """Write stored files on the desk, each in one step; one that is None is removed."""
    for path, held in files.items():
        target = repo.root / path
        if held is None:
            target.unlink(missing_ok=True)
            continue
        content = _content(repo, path, held[1])
        if target.is_file() and not target.is_symlink() and target.read_bytes() == content:
            continue
        _replace(target, content, is_executable=held[0] == "100755")


def export(repo: Repo, commit: str, folder: Path) -> None:
    """Write the whole tree of a commit into an empty folder, as a checkout would."""
    with _scratch_index(repo) as env:
        git.call(repo.root, "read-tree", commit, env=env)
        git.call(repo.root, "checkout-index", "--all", "--force", f"--prefix={folder.as_posix()}/", env=env)


@lru_cache(maxsize=REMEMBERED)  # of a commit that is named by its hash nothing ever changes
def _tree_rows(repo: Repo, commit: str, paths: tuple[str, ...]) -> list[str]:
    return _names(git.call(repo.root, "ls-tree", "-r", "-z", "--full-tree", commit, "--", *paths))


@lru_cache(maxsize=REMEMBERED)
def _content(repo: Repo, path: str, name: str) -> bytes:
    return git.call(repo.root, "cat-file", "--filters", f"--path={path}", name)


def _store(repo: Repo, path: str) -> tuple[str, str] | None:
    target = repo.root / path
    if not target.is_file():
        return None
    name = git.call(repo.root, "hash-object", "-w", f"--path={path}", "--", str(target)).decode().strip()
    is_executable = os.name == "posix" and target.stat().st_mode & stat.S_IXUSR
    return "100755" if is_executable else "100644", name


def _index_info(repo: Repo, files: Files) -> bytes:
    """Return lines for `git update-index --index-info`; mode 0 removes an entry."""
    nothing = ("0", "0" * len(git.resolve(repo, "HEAD") or "")) if None in files.values() else ()
    lines = [" ".join(held or nothing) + f"\t{path}\0" for path, held in files.items()]
    return "".join(lines).encode("utf-8", "surrogateescape")


def _replace(target: Path, content: bytes, *, is_executable: bool) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f".{target.name}.ratchet~")  # a fixed name: a kill leaves one file, and once
    temporary.write_bytes(content)
    if is_executable:
        temporary.chmod(0o755)
    temporary.replace(target)


@contextlib.contextmanager
def _scratch_index(repo: Repo) -> Iterator[dict[str, str]]:
    with tempfile.TemporaryDirectory(prefix="ratchet-") as folder:
        yield {"GIT_INDEX_FILE": str(Path(folder) / "index")}


def _identity(repo: Repo) -> dict[str, str]:
    """Return who commits, for a machine where git does not know."""
    env = {}
    for key, fallback in (("name", FALLBACK_NAME), ("email", FALLBACK_EMAIL)):
        if not _is_configured(repo, f"user.{key}"):
            for role in ("AUTHOR", "COMMITTER"):
                env[f"GIT_{role}_{key.upper()}"] = os.environ.get(f"GIT_{role}_{key.upper()}", fallback)
    return env


@lru_cache(maxsize=REMEMBERED)
def _is_configured(repo: Repo, key: str) -> bool:
    return bool(git.ask(repo, "config", "--get", key))


def _names(output: bytes) -> list[str]:
    return [name for name in output.decode("utf-8", "surrogateescape").split("\0") if name]
