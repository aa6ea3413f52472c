"""Put back what an agent changed outside of its scope.

Guards the user's files. Covered: every file that was there before and that git does not ignore, changed or deleted;
what the agent made of it is first kept under a ref. Not covered: a new file, which stays and has no effect on a number;
a file larger than LARGEST_MB, which is named and left as it is; who changed a file, so what a person writes outside of
the scope while an agent works is put back too, and kept.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ratchet.core.text import listing
from ratchet.repo import git
from ratchet.repo.run import Run, Worktree

LARGEST_MB = 10
REGULAR = ("100644", "100755")  # modes of git; a link is left as it is
Stamp = tuple[int, int]  # time of the last change and size of a file


@dataclass(frozen=True, slots=True)
class Scene:
    """The files outside of the scope that differ from a commit: when they changed, and their stored content."""

    commit: str
    stamps: Mapping[str, Stamp]
    held: git.Files


def look_around(worktree: Worktree, commit: str) -> Scene:
    """Note every file outside of the scope that differs from a commit, before an agent begins."""
    paths = _outside(worktree, commit)
    small = [path for path in paths if _is_small(worktree.repo.root / path)]
    stamps = {path: _stamp(worktree.repo.root / path) for path in paths}
    return Scene(commit, stamps, git.store_worktree_files(worktree.repo, small))


def put_scene_back(run: Run, n: int, before: Scene) -> str:
    """Undo what changed outside of the scope since; return a sentence about it, or "" if nothing did."""
    repo = run.worktree.repo
    now = {path: _stamp(repo.root / path) for path in _outside(run.worktree, before.commit)}
    changed = sorted(path for path in now.keys() | before.stamps.keys() if now.get(path) != before.stamps.get(path))
    committed = git.files_of(repo, before.commit, [path for path in changed if path not in before.stamps])
    changed = [path for path in changed if committed.get(path, "") is not None]  # the rest are new files
    old = _before(before, committed, [path for path in changed if _is_small(repo.root / path)])
    left = [path for path in changed if path not in old]
    theirs = git.store_worktree_files(repo, list(old))
    old = {path: old[path] for path in git.differing(theirs, old)}  # the rest was written with the same content
    if not old:
        return f"outside of its scope the agent changed {listing(left)}, too large to put back" if left else ""
    ref = f"refs/ratchet/{run.tag}/outside-{n}"
    commit = git.make_commit(repo, before.commit, {path: theirs[path] for path in old}, f"iter {n}: outside\n")
    git.move_ref(repo, ref, commit, git.resolve(repo, ref) or git.NOTHING, "ratchet: outside of the scope")
    git.put_files(repo, old)
    more = f"; {listing(left)} could not be put back" if left else ""
    return (
        f"outside of its scope the agent changed {listing(list(old))}: put back, and kept: `git show {ref}`; "
        f"`git restore --source {ref} FILE` takes a file from there{more}"
    )


def _outside(worktree: Worktree, commit: str) -> list[str]:
    return [path for path in git.touched(worktree.repo, commit) if not worktree.is_ours(path)]


def _before(before: Scene, committed: git.Files, paths: Sequence[str]) -> git.Files:
    """Return what files held before, as far as it is known: a file that did not differ is the commit's."""
    known = {**committed, **before.held}
    return {path: held for path in paths if path in known and ((held := known[path]) is None or held[0] in REGULAR)}


def _stamp(path: Path) -> Stamp:
    try:
        status = path.lstat()
    except OSError:
        return -1, -1
    return status.st_mtime_ns, status.st_size


def _is_small(path: Path) -> bool:
    return _stamp(path)[1] <= LARGEST_MB * 1e6
