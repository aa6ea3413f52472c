"""Put an earlier experiment into the worktree again, and leave a run for another without losing an edit."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence

from ratchet.core.records import Experiment, best
from ratchet.core.text import listing
from ratchet.engine.trial import put_aside
from ratchet.errors import RatchetError
from ratchet.repo import git
from ratchet.repo.journal import read_experiments
from ratchet.repo.run import Run


def edit_again(run: Run, history: Sequence[Experiment], source: Experiment, *, is_forced: bool) -> str:
    """Put the files of an experiment into the worktree; return a sentence about a replaced edit, or "".

    Raises RatchetError if that would replace an edit that was not measured, unless `is_forced`; then it is kept.
    """
    repo, top = run.worktree.repo, best(history)
    tip = top.commit if top else git.resolve(repo, run.branch) or "HEAD"
    edited = [path for path in run.worktree.edited_files(tip) if _differs(run, path, source)]
    note = ""
    if edited and not is_forced:
        raise RatchetError(
            f"{listing(edited)}: this edit was not measured. Run `uv run ratchet step` first, or use --force, which "
            "keeps the edit under a ref."
        )
    if edited:
        note = f"the edit of {listing(edited)} was kept: `git show {put_aside(run, history[-1].n + 1, tip)}`"
    git.put_files(repo, git.files_of(repo, source.commit, run.worktree.editable_files(source.commit, tip)))
    return note


@contextlib.contextmanager
def leaving(run: Run | None, tag: str, what: str) -> Iterator[None]:
    """Hold the run that the worktree is on while it goes to another one.

    Raises RatchetError if another process works on that run, or if the worktree holds an edit that was not measured.
    """
    if run is None or run.tag == tag:
        yield
        return
    with run.hold(what):
        top = best(read_experiments(run.journal))
        if edited := run.worktree.edited_files(top.commit if top else run.branch):
            raise RatchetError(
                f"{listing(edited)}: this edit was not measured in run {run.tag}. Run `uv run ratchet step` first; "
                f"`uv run ratchet edit N --run {run.tag}` takes it up again in another run."
            )
        yield


def _differs(run: Run, path: str, source: Experiment) -> bool:
    repo = run.worktree.repo
    return git.store_worktree_files(repo, [path]) != git.files_of(repo, source.commit, [path])
