"""Finish a run: make a branch for a pull request, remove temporary files, switch back to the first branch.

Journal, refs/ratchet/ and the branch of the run are the only record of it and stay unchanged. Worktree and index are
changed only by `leave`, which is a git switch. Every function can be repeated with the same result.
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
from ratchet.repo.files import write_atomic
from ratchet.repo.journal import Event, EventKind
from ratchet.repo.run import Run, check_unchanged, is_under, run_event, stamp

RESULTS = "refs/heads/result/"
EXPORTS = ("tree", "check", "candidate", "best", "study")  # temporary folders of a run


def gather_facts(run: Run, events: Sequence[Event]) -> RunFacts:
    """Return the facts that a review of the run needs."""
    history = journal.experiments(events)
    kept = [experiment for experiment in history if experiment.verdict is Verdict.KEEP]
    last = [event for event in events if event.kind in {EventKind.BEGIN, EventKind.VERDICT}][-1:]
    return RunFacts(
        tag=run.tag,
        config=run.worktree.config,
        history=history,
        sizes={
            old.n: sum(git.count_lines(run.worktree.repo, old.parent, old.commit, run.worktree.editable))
            for old in kept
        },
        changed=_what_changed(run, events),
        unfinished=int(last[0].data["n"]) if last and last[0].kind is EventKind.BEGIN else None,
        unreviewed=unreviewed_files(run, str(run_event(run, list(events)).data["base"])),
        conclusion=up_to_date(events, history),
    )


def write_review(run: Run, text: str) -> Path:
    """Write the review into the folder of the run, atomically, and return its path."""
    target = run.folder / "review.md"
    write_atomic(target, text)
    return target


def complete_keep(run: Run, history: Sequence[Experiment]) -> str:
    """Move the branch to the best kept experiment if a kill or a manual commit left it elsewhere.

    Return a message about a manual commit, or "". Raises RatchetError if the branch has moved away from the commit on
    which the last experiment was measured.
    """
    top = best(history)
    is_behind = top is not None and not git.is_ancestor(run.worktree.repo, top.commit, run.branch)
    if is_behind and not settle(run, history[-1], history):
        raise RatchetError(
            f"{run.branch}: the branch has moved since iter {history[-1].n} was measured. "
            "Run `uv run ratchet step` to measure it again."
        )
    tip = git.resolve(run.worktree.repo, run.branch)
    return mend_branch(run, top, tip) if top and tip else ""


def make_result(run: Run, facts: RunFacts, *, is_squashed: bool, onto: str = "") -> str | None:
    """Return the commit for a pull request, or None for a run without a gain.

    It is the last commit of the run, the same commits on top of `onto`, or one squashed commit with the editable files
    and the setup alone. The same run gives the same commits each time. Raises RatchetError if `onto` does not exist or
    changed the same files as the run.
    """
    if not has_gain(facts.history):
        return None
    repo, base = run.worktree.repo, str(run_event(run).data["base"])
    tip = git.resolve(repo, run.branch) or base
    parent = base
    if onto:
        parent = _target(run, onto)
        paths = git.changed(repo, base, tip)
        _check_fits(run, base, _measured(run, paths) if is_squashed else paths, onto, parent)
    if not is_squashed:
        return _replant(run, base, tip, parent) if parent != base else tip
    files = git.files_of(repo, tip, _measured(run, git.changed(repo, base, tip)))
    return git.make_commit(repo, parent, files, result_message(facts), at=facts.kept[-1].at)


def unreviewed_files(run: Run, base: str) -> dict[str, int | None]:
    """Return the size of each file on the branch of the run that is no part of an experiment; None if it was removed.

    Commits that a person or an agent made on the branch may hold such files: `git add --all` adds a cache too.
    """
    repo = run.worktree.repo
    tip = git.resolve(repo, run.branch) or base
    paths = git.changed(repo, base, tip)
    return git.sizes(repo, tip, sorted({*paths} - {*_measured(run, paths)}))


def is_published(run: Run) -> bool:
    """Return whether the branch result/TAG exists."""
    return git.resolve(run.worktree.repo, f"{RESULTS}{run.tag}") is not None


def publish(run: Run, events: Sequence[Event], commit: str, now: datetime) -> str:
    """Set the branch result/TAG to a commit and return its name. The journal records it first.

    Raises RatchetError if the branch contains anything except an earlier result of this run.
    """
    repo, branch = run.worktree.repo, f"{RESULTS}{run.tag}"
    name, held = branch.removeprefix("refs/heads/"), git.resolve(repo, branch)
    if held == commit:
        return name
    made = [event.data["commit"] for event in events if event.kind is EventKind.FINISH]
    if held is not None and (held not in made or branch in git.checked_out(repo)):
        raise RatchetError(
            f"{name}: the branch is checked out or was changed after `uv run ratchet finish`. "
            f"Rename it with `git branch -m {name} NAME`."
        )
    if commit not in made[-1:]:
        data = {"branch": name, "commit": commit, "tag": run.tag, "at": stamp(now)}
        run.record(EventKind.FINISH, data)
    if not git.move_ref(repo, branch, commit, held or git.NOTHING, f"ratchet: finish {run.tag}"):
        raise RatchetError(f"{name}: another process moved this branch meanwhile. Run `uv run ratchet finish` again.")
    return name


def clear_leftovers(run: Run, events: Sequence[Event]) -> list[str]:
    """Remove temporary folders and the worktrees of parallel loops. Return the worktrees kept because of edits.

    The caller holds the lock of the run, so any process that still measures for it was left by a kill and is ended.
    """
    subruns = subrun_tags(events)
    process.sweep(MARK, [str(run.folder), *(str(run.folder.parent / tag) for tag in subruns)])
    _remove_exports(run.folder)
    kept = []
    for tag in subruns:
        subrun, folder = run.folder.parent / tag, subrun_folder(run, tag)
        _remove_exports(subrun)
        if folder.exists():  # its branch stays for the next race; git keeps a worktree with uncommitted edits
            (folder / run.worktree.root.relative_to(run.worktree.repo.root) / run.results.name).unlink(missing_ok=True)
            if not git.attempt(run.worktree.repo, "worktree", "remove", str(folder)):
                kept.append(str(folder))
    return kept


def leave(run: Run) -> str:
    """Switch to the branch from which the run was started, and return its name. The run stays unchanged.

    Raises RatchetError if that branch is not recorded or gone, the worktree has edits, or git refuses to switch.
    """
    branch = run_event(run).data.get("from")
    if not branch or git.resolve(run.worktree.repo, branch) is None:
        raise RatchetError(
            f"run {run.tag}: the branch from which it was started ({branch or 'not recorded'}) does not exist. "
            "Use `git switch NAME`."
        )
    edited = git.uncommitted(run.worktree.repo)
    if edited:
        raise RatchetError(
            f"{edited[0]}: there are uncommitted edits in {len(edited)} file{'s' * (len(edited) > 1)}. "
            "Commit them, undo them, or measure them with `uv run ratchet step`."
        )
    git.switch(run.worktree.repo, branch)
    return str(branch).removeprefix("refs/heads/")


def _what_changed(run: Run, events: Sequence[Event]) -> str:
    try:
        check_unchanged(run, list(events))
    except RatchetError as error:
        return str(error)
    return ""


def _target(run: Run, onto: str) -> str:
    found = git.resolve(run.worktree.repo, onto)
    if found is None:
        raise RatchetError(f"--onto: there is no branch or commit {onto}. `git branch --all` lists the branches.")
    return found


def _measured(run: Run, paths: Sequence[str]) -> list[str]:
    """Return the editable files and the setup of the run among paths."""
    worktree = run.worktree
    readonly = [worktree.in_repo(pattern) for pattern in worktree.config.readonly]
    return [path for path in paths if worktree.is_ours(path) and not any(is_under(path, own) for own in readonly)]


def _check_fits(run: Run, base: str, paths: Sequence[str], onto: str, parent: str) -> None:
    """Raise RatchetError if a file of the run was also changed on `onto` since the run was started."""
    theirs, ours = (git.files_of(run.worktree.repo, commit, paths) for commit in (parent, base))
    changed = [path for path in paths if theirs[path] != ours[path]]
    if changed:
        raise RatchetError(
            f"--onto: {changed[0]} was also changed on {onto} since the run was started. "
            "Finish without --onto, and merge the branch by hand."
        )


def _replant(run: Run, base: str, tip: str, parent: str) -> str:
    """Make the commits of the run again on top of `parent`, with their messages and dates. Return the last one."""
    repo, before = run.worktree.repo, base
    for commit in git.line_of_commits(repo, base, tip):
        at, message = git.date_and_message(repo, commit)
        files = git.files_of(repo, commit, git.changed(repo, before, commit))
        parent, before = git.make_commit(repo, parent, files, message, at=at), commit
    return parent


def _remove_exports(folder: Path) -> None:
    for name in EXPORTS:
        shutil.rmtree(folder / name, ignore_errors=True)
