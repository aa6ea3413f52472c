"""Git, the one way to call it: commits, refs, HEAD and work trees.

Guards the branch. Covered: a ref moves only from the commit that was expected, by one compare-and-swap. Not covered: a
user who rewrites the branch by hand.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ratchet.errors import RatchetError

NOTHING = ""  # as the expected value of a ref: it must not exist
LOCAL_VARIABLES = (  # set by hooks and aliases for their own repo; they would turn our calls to another one
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_PREFIX",
    "GIT_COMMON_DIR",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_NAMESPACE",
)


class GitError(RatchetError):
    """Git said no; the message holds its own words."""


@dataclass(frozen=True, slots=True)
class Repo:
    """A work tree: its top, the top of the main work tree of the same repo, and where git keeps its state."""

    root: Path
    main_root: Path
    git_dir: Path


def open_repo(start: Path) -> Repo:
    """Return the work tree that holds `start`. Raises RatchetError when there is none."""
    try:
        answer = call(start, "rev-parse", "--show-toplevel", "--absolute-git-dir", "--git-common-dir")
    except GitError as error:
        if "not a git repository" not in str(error):
            raise
        raise RatchetError(
            f"{start}: expected a git repository, got none. `git init && git add -A && git commit -m start`."
        ) from None
    root, git_dir, common = (Path(line) for line in answer.decode().splitlines())
    common = (start / common).resolve()
    is_linked = common != git_dir.resolve() and common.name == ".git"
    return Repo(root=root, main_root=common.parent if is_linked else root, git_dir=git_dir)


def head_branch(repo: Repo) -> str | None:
    """Return the full name of the branch that HEAD is on, or None when it is detached."""
    return ask(repo, "symbolic-ref", "-q", "HEAD")


def resolve(repo: Repo, revision: str) -> str | None:
    """Return the hash of a commit, or None when there is no such commit."""
    return ask(repo, "rev-parse", "-q", "--verify", "--end-of-options", f"{revision}^{{commit}}")


def blob(repo: Repo, commit: str, path: str) -> str | None:
    """Return the hash of a file in a commit, or None when it is not there."""
    return ask(repo, "rev-parse", "-q", "--verify", "--end-of-options", f"{commit}:{path}")


def is_ancestor(repo: Repo, old: str, new: str) -> bool:
    """Say whether `new` holds everything that `old` holds."""
    return ask(repo, "merge-base", "--is-ancestor", old, new) is not None


def is_unmerged(repo: Repo) -> bool:
    """Say whether the index holds conflicts."""
    return bool(call(repo.root, "ls-files", "--unmerged"))


def diff(repo: Repo, old: str, new: str, paths: Sequence[str], *, color: bool = False) -> str:
    """Return what changed in `paths` between two commits, as a patch."""
    specs = [f":(top,literal){path}" for path in paths]
    switch = "--color=always" if color else "--no-color"
    patch = call(repo.root, "diff", "--no-ext-diff", switch, old, new, "--", *specs)
    return patch.decode("utf-8", "replace")


def count_lines(repo: Repo, old: str, new: str, paths: Sequence[str]) -> tuple[int, int]:
    """Return how many lines of `paths` were added and removed between two commits; binary files count as none."""
    specs = [f":(top,literal){path}" for path in paths]
    rows = call(repo.root, "diff", "--no-ext-diff", "--numstat", old, new, "--", *specs).decode("utf-8", "replace")
    pairs = [row.split("\t")[:2] for row in rows.splitlines()]
    numbers = [(int(added), int(removed)) for added, removed in pairs if added.isdigit() and removed.isdigit()]
    return sum(added for added, _ in numbers), sum(removed for _, removed in numbers)


def line_of_commits(repo: Repo, old: str, new: str) -> list[str]:
    """Return the commits that lead from `old` to `new` by first parents, oldest first, `old` not among them."""
    return call(repo.root, "rev-list", "--reverse", "--first-parent", f"{old}..{new}").decode().split()


def date_and_message(repo: Repo, commit: str) -> tuple[str, str]:
    """Return when a commit was written, in ISO 8601, and its message."""
    shown = call(repo.root, "show", "--no-patch", "--format=%aI%n%B", commit).decode("utf-8", "replace")
    date, _, message = shown.partition("\n")
    return date, message.rstrip("\n") + "\n"


def checked_out(repo: Repo) -> list[str]:
    """Return the full names of the branches that stand in any work tree of the repo."""
    rows = call(repo.root, "worktree", "list", "--porcelain").decode("utf-8", "replace").splitlines()
    return [row.removeprefix("branch ") for row in rows if row.startswith("branch ")]


def move_ref(repo: Repo, ref: str, new: str, old: str, reason: str) -> bool:
    """Point a ref at `new` if it still points at `old` (NOTHING: if it does not exist); say whether it does now."""
    try:
        call(repo.root, "update-ref", "-m", reason, ref, new, old)
    except GitError:
        return ask(repo, "rev-parse", "-q", "--verify", ref) == new
    return True


def delete_ref(repo: Repo, ref: str) -> None:
    """Delete a ref if it is there."""
    ask(repo, "update-ref", "-d", ref)


def refs(repo: Repo, prefix: str) -> dict[str, str]:
    """Return the commit of every ref under a prefix, by full name."""
    lines = call(repo.root, "for-each-ref", "--format=%(refname) %(objectname)", prefix).decode().splitlines()
    return {name: commit for name, _, commit in (line.partition(" ") for line in lines)}


def point_head(repo: Repo, branch: str, reason: str) -> None:
    """Put HEAD on a branch without touching index or files: the branch must hold the commit that HEAD holds."""
    call(repo.root, "symbolic-ref", "-m", reason, "HEAD", branch)


def switch(repo: Repo, branch: str) -> None:
    """Check a branch out as the user would. Raises GitError where that would overwrite uncommitted work."""
    call(repo.root, "switch", "--quiet", branch.removeprefix("refs/heads/"))


def add_worktree(repo: Repo, folder: Path, branch: str, commit: str) -> None:
    """Check a new branch out into a new linked work tree."""
    call(repo.root, "worktree", "add", "--quiet", "-b", branch, str(folder), commit)


def remove_worktree(repo: Repo, folder: Path) -> None:
    """Remove a linked work tree that we made, whatever state it is in."""
    ask(repo, "worktree", "remove", "--force", str(folder))
    ask(repo, "worktree", "prune")


def ask(repo: Repo, *arguments: str) -> str | None:
    """Return git's answer, or None when it says no."""
    try:
        return call(repo.root, *arguments).decode("utf-8", "replace").strip()
    except GitError:
        return None


def call(cwd: Path, *arguments: str, env: Mapping[str, str] | None = None, stdin: bytes = b"") -> bytes:
    """Call git, the one way there is. Raises GitError with the line that says why not."""
    environment = {key: value for key, value in os.environ.items() if key not in LOCAL_VARIABLES}
    environment |= {"LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0", **(env or {})}
    try:
        done = subprocess.run(
            ["git", *arguments],
            cwd=cwd,
            env=environment,
            input=stdin,
            capture_output=True,
            process_group=0 if os.name == "posix" else None,  # Ctrl-C in the terminal is not meant for it
        )
    except FileNotFoundError:
        if not cwd.is_dir():
            raise RatchetError(f"{cwd}: expected a directory, got none.") from None
        raise RatchetError("git: expected the command on PATH, got none. Install git.") from None
    if done.returncode != 0:
        raise GitError(f"git {arguments[0]}: {_complaint(done.stderr.decode('utf-8', 'replace'))}")
    return done.stdout


def _complaint(stderr: str) -> str:
    """Return the line that says what is wrong; advice may stand above and below it."""
    lines = [line for line in stderr.splitlines() if line.strip()]
    return next((line for line in lines if line.startswith(("fatal:", "error:"))), lines[-1] if lines else "it failed")
