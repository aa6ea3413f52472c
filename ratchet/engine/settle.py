"""What follows from a verdict: the branch moves, the index agrees, the best is on the desk. All safe to repeat."""

from __future__ import annotations

from collections.abc import Sequence

from ratchet.core.records import Begun, Experiment, Verdict, best
from ratchet.core.table import results_tsv
from ratchet.repo import git, snapshots
from ratchet.repo.run import Run


def keep_ref(run: Run, begun: Begun) -> None:
    """Make sure that an experiment can be shown again, whatever becomes of it."""
    repo, ref = run.worktree.repo, run.ref(begun.n)
    held = git.resolve(repo, ref)
    if held != begun.commit:
        git.move_ref(repo, ref, begun.commit, held or git.NOTHING, "ratchet: experiment")


def settle(run: Run, experiment: Experiment, history: Sequence[Experiment]) -> bool:
    """Do what follows from the last verdict of a history. False: the branch has moved, and all must be done again."""
    repo = run.worktree.repo
    if experiment.verdict is Verdict.KEEP and not git.is_ancestor(repo, experiment.commit, run.branch):
        reason = f"ratchet: keep iter {experiment.n}"
        if not git.move_ref(repo, run.branch, experiment.commit, experiment.parent, reason):
            return False
    if git.head_branch(repo) == run.branch:  # else the desk has gone elsewhere, and is none of our business
        if experiment.verdict is Verdict.KEEP and git.resolve(repo, run.branch) == experiment.commit:
            snapshots.settle_index(repo, experiment.commit, run.worktree.editable)
        if experiment.n > 0:
            _clear_worktree(run, experiment, history)
    write_results(run, history)
    return True


def mend_branch(run: Run, top: Experiment, tip: str) -> str:
    """Have the branch hold the best again where somebody else's `tip` holds other editable or frozen files.

    It moves forward, by a commit on top of theirs. A branch that was moved off the best is pointed at it again, and
    what it held stays under a ref. Returns what was done, "" where all is well or the branch moves at this very moment.
    """
    repo = run.worktree.repo
    if tip == top.commit:
        return ""
    paths = [path for path in snapshots.changed(repo, top.commit, tip) if run.worktree.is_ours(path)]
    if not git.is_ancestor(repo, top.commit, tip):
        new, ref = top.commit, f"refs/ratchet/{run.tag}/moved-{tip[:12]}"
        warning = f"the branch was moved off iter {top.n}, the best, and is back; what it held: git log {ref}"
        git.move_ref(repo, ref, tip, git.NOTHING, "ratchet: moved by somebody else")
    elif paths:
        names = ", ".join(paths)
        back = f"back to iter {top.n}, the best: {names}\n"
        new = snapshots.make_commit(repo, tip, snapshots.files_of(repo, top.commit, paths), back)
        warning = f"{names}: committed unmeasured by somebody; a commit on top has iter {top.n}, the best, again"
    else:
        return ""
    if not git.move_ref(repo, run.branch, new, tip, f"ratchet: back to iter {top.n}"):
        return ""
    if git.head_branch(repo) == run.branch:
        snapshots.settle_index(repo, new, paths)
    return warning


def is_edited(run: Run, commit: str) -> bool:
    """Say whether the editable files on the desk differ from a commit."""
    repo, editable = run.worktree.repo, run.worktree.editable
    return snapshots.store_worktree_files(repo, editable) != snapshots.files_of(repo, commit, editable)


def put_aside(run: Run, n: int, best_commit: str) -> str:
    """Keep the edit on the desk under a ref, put the best back, and return the ref."""
    repo, editable = run.worktree.repo, run.worktree.editable
    files = snapshots.store_worktree_files(repo, editable)
    commit = snapshots.make_commit(repo, best_commit, files, f"iter {n}: an edit that was interrupted\n")
    ref = f"refs/ratchet/{run.tag}/interrupted-{n}"
    git.move_ref(repo, ref, commit, git.resolve(repo, ref) or git.NOTHING, "ratchet: interrupted")
    snapshots.put_back(repo, best_commit, editable)
    return ref


def write_results(run: Run, history: Sequence[Experiment]) -> None:
    """Write results.tsv anew, in one step."""
    temporary = run.results.with_name(".results.tsv.ratchet~")
    temporary.write_text(results_tsv(history, run.worktree.config), "utf-8")
    temporary.replace(run.results)


def _clear_worktree(run: Run, experiment: Experiment, history: Sequence[Experiment]) -> None:
    """Show the best on the desk, unless somebody has edited it since the experiment began: that is the next edit."""
    repo, editable, parent = run.worktree.repo, run.worktree.editable, experiment.parent
    now, before = best(history), best(old for old in history if old.n != experiment.n)
    on_worktree = snapshots.store_worktree_files(repo, editable)
    known = [experiment.commit, before.commit if before else parent]
    if any(on_worktree == snapshots.files_of(repo, commit, editable) for commit in known):
        snapshots.put_back(repo, now.commit if now else parent, editable)
    _undo_trespass(run, experiment)


def _undo_trespass(run: Run, experiment: Experiment) -> None:
    """Put frozen files back that an agent edited, which the experiment's commit shows; a user's edits are not in it."""
    repo = run.worktree.repo
    edited = snapshots.edited(repo, experiment.parent, run.worktree.frozen)
    on_worktree, committed = (
        snapshots.store_worktree_files(repo, edited),
        snapshots.files_of(repo, experiment.commit, edited),
    )
    snapshots.put_back(repo, experiment.parent, [path for path in edited if on_worktree[path] == committed[path]])
