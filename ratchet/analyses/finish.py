"""The end of a run: a branch for a pull request, what is left over cleared away, and the way back.

Guards what is the only record: journal, refs/ratchet/ and the run's branch stay as they are; desk and index are not
touched, save by `leave`, which is a git switch. All of it can be done twice with the same end.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from ratchet import process
from ratchet.analyses.conclude import up_to_date
from ratchet.analyses.review import RunFacts, has_gain, result_message
from ratchet.core.records import Experiment, Verdict, best
from ratchet.engine.measure import MARK
from ratchet.engine.parallel import subrun_folder, subrun_tags
from ratchet.engine.trial import mend_branch, settle
from ratchet.errors import RatchetError
from ratchet.repo import git, journal
from ratchet.repo.journal import Event, EventKind
from ratchet.repo.run import Run, check_unchanged, run_event, stamp

RESULTS = "refs/heads/result/"
EXPORTS = (
    "tree",
    "check",
    "candidate",
    "best",
    "study",
)  # folders of a run that are written anew when needed


def gather_facts(run: Run, events: Sequence[Event]) -> RunFacts:
    """Return what a review needs to know of a run."""
    history = journal.experiments(events)
    kept = [experiment for experiment in history if experiment.verdict is Verdict.KEEP]
    return RunFacts(
        tag=run.tag,
        config=run.worktree.config,
        history=history,
        sizes={
            old.n: sum(git.count_lines(run.worktree.repo, old.parent, old.commit, run.worktree.editable))
            for old in kept
        },
        changed=_what_changed(run, events),
        unfinished=_unfinished(events),
        conclusion=up_to_date(events, history),
    )


def write_review(run: Run, text: str) -> Path:
    """Write the review into the run's folder, in one step, and return where it is."""
    target = run.folder / "review.md"
    temporary = target.with_name(".review.md.ratchet~")
    temporary.write_text(text, "utf-8")
    temporary.replace(target)
    return target


def complete_keep(run: Run, history: Sequence[Experiment]) -> str:
    """Have the branch hold what was kept, after a kill or somebody's commit; say what was done about the latter.

    Raises RatchetError when the branch has moved under what was to be kept.
    """
    top = best(history)
    is_behind = top is not None and not git.is_ancestor(run.worktree.repo, top.commit, run.branch)
    if is_behind and not settle(run, history[-1], history):
        raise RatchetError(
            f"{run.branch}: expected the commit that iter {history[-1].n} was measured on, got another. "
            "`uv run ratchet step` measures it again."
        )
    tip = git.resolve(run.worktree.repo, run.branch)
    return mend_branch(run, top, tip) if top and tip else ""


def make_result(run: Run, facts: RunFacts, *, is_squashed: bool, onto: str = "") -> str | None:
    """Return the commit that a pull request would be made of, or None for a run without gain.

    As it is: the run's own commits, or the same on top of `onto`. The same run gives the same commits each time.
    Raises RatchetError where `onto` is nothing, or holds other versions of what the run changed.
    """
    if not has_gain(facts.history):
        return None
    repo, base = run.worktree.repo, str(run_event(run).data["base"])
    tip = git.resolve(repo, run.branch) or base
    parent = base
    if onto:
        parent = _target(run, onto)
        _check_fits(run, base, tip, onto, parent)
    if not is_squashed:
        return _replant(run, base, tip, parent) if parent != base else tip
    files = git.files_of(repo, tip, git.changed(repo, base, tip))
    return git.make_commit(repo, parent, files, result_message(facts), at=facts.kept[-1].at)


def is_published(run: Run) -> bool:
    """Say whether the run has its branch result/TAG already."""
    return git.resolve(run.worktree.repo, f"{RESULTS}{run.tag}") is not None


def publish(run: Run, events: Sequence[Event], commit: str, now: datetime) -> str:
    """Point the branch result/TAG at a commit and return its name; journal first.

    Raises RatchetError where the branch holds anything but an earlier result of this run.
    """
    repo, branch = run.worktree.repo, f"{RESULTS}{run.tag}"
    name, held = branch.removeprefix("refs/heads/"), git.resolve(repo, branch)
    if held == commit:
        return name
    made = [event.data["commit"] for event in events if event.kind is EventKind.FINISH]
    if held is not None and (held not in made or branch in git.checked_out(repo)):
        raise RatchetError(
            f"{name}: expected the branch as `uv run ratchet finish` left it, got one that is in use. "
            f"`git branch -m {name} NAME` keeps it under another name."
        )
    if commit not in made[-1:]:
        data = {"branch": name, "commit": commit, "tag": run.tag, "at": stamp(now)}
        journal.append(run.journal, EventKind.FINISH, data)
    if not git.move_ref(repo, branch, commit, held or git.NOTHING, f"ratchet: finish {run.tag}"):
        raise RatchetError(f"{name}: expected a free name for a branch, got one that git refuses. Rename `result`.")
    return name


def clear_leftovers(run: Run, events: Sequence[Event]) -> list[str]:
    """Remove the run's exported trees and the work trees of its lanes; return the work trees that hold edits and stay.

    The caller holds the run's lock, so whatever still measures for it was left behind by a kill.
    """
    process.sweep(MARK, str(run.folder))
    _remove_exports(run.folder)
    kept = []
    for tag in subrun_tags(events):
        subrun, folder = run.folder.parent / tag, subrun_folder(run, tag)
        process.sweep(MARK, str(subrun))
        _remove_exports(subrun)
        if folder.exists() and not _remove_subrun(run, folder):
            kept.append(str(folder))
    return kept


def leave(run: Run) -> str:
    """Check the branch out that the run was started from, and return its name; the run stays as it is.

    Raises RatchetError where the desk holds an edit, or git will not switch.
    """
    branch = _start_branch(run)
    edited = git.uncommitted(run.worktree.repo)
    if edited:
        raise RatchetError(
            f"{edited[0]}: expected no edits on the desk, got {len(edited)} edited file{'s' * (len(edited) > 1)}. "
            "Commit them, undo them, or measure them by `uv run ratchet step`."
        )
    git.switch(run.worktree.repo, branch)
    return branch.removeprefix("refs/heads/")


def _start_branch(run: Run) -> str:
    """Return the branch that the run was started from. Raises RatchetError where nobody wrote it down or it is gone."""
    branch = run_event(run).data.get("from")
    if not branch or git.resolve(run.worktree.repo, branch) is None:
        raise RatchetError(
            f"run {run.tag}: expected the branch that it was started from, got {branch or 'no record of one'}. "
            "`git switch NAME` goes where you want."
        )
    return str(branch)


def _what_changed(run: Run, events: Sequence[Event]) -> str:
    try:
        check_unchanged(run, list(events))
    except RatchetError as error:
        return str(error)
    return ""


def _unfinished(events: Sequence[Event]) -> int | None:
    last = next((event for event in reversed(events) if event.kind in {EventKind.BEGIN, EventKind.VERDICT}), None)
    return int(last.data["n"]) if last is not None and last.kind is EventKind.BEGIN else None


def _target(run: Run, onto: str) -> str:
    found = git.resolve(run.worktree.repo, onto)
    if found is None:
        raise RatchetError(f"--onto: expected a branch or a commit, got {onto}. `git branch --all` lists the branches.")
    return found


def _check_fits(run: Run, base: str, tip: str, onto: str, parent: str) -> None:
    """Refuse to write over what others made of a file since the run was started."""
    paths = git.changed(run.worktree.repo, base, tip)
    theirs, ours = (git.files_of(run.worktree.repo, commit, paths) for commit in (parent, base))
    changed = [path for path in paths if theirs[path] != ours[path]]
    if changed:
        raise RatchetError(
            f"--onto: expected {changed[0]} as the run found it, got another version on {onto}. "
            "Finish without --onto, and merge the branch by hand."
        )


def _replant(run: Run, base: str, tip: str, parent: str) -> str:
    """Return the last of the run's commits made again on top of `parent`, each with its own message and date."""
    repo, before = run.worktree.repo, base
    for commit in git.line_of_commits(repo, base, tip):
        at, message = git.date_and_message(repo, commit)
        files = git.files_of(repo, commit, git.changed(repo, before, commit))
        parent, before = git.make_commit(repo, parent, files, message, at=at), commit
    return parent


def _remove_exports(folder: Path) -> None:
    for name in EXPORTS:
        shutil.rmtree(folder / name, ignore_errors=True)


def _remove_subrun(run: Run, folder: Path) -> bool:
    """Remove a lane's work tree unless it holds something that nobody committed; its branch waits for the next race."""
    (folder / run.worktree.root.relative_to(run.worktree.repo.root) / run.results.name).unlink(missing_ok=True)
    return git.ask(run.worktree.repo, "worktree", "remove", str(folder)) is not None
