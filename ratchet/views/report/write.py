"""Collect the data of a report from the journal and git, and write the page."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from ratchet.core.records import Experiment
from ratchet.errors import RatchetError
from ratchet.repo import git, journal
from ratchet.repo.files import check_ours, write_atomic
from ratchet.repo.run import Run, run_event
from ratchet.views.axes import climb_in
from ratchet.views.figure import headline, save
from ratchet.views.report.material import Material, fitting, listed_of
from ratchet.views.report.page import render

MARK = b'<meta name="generator" content="ratchet">'


def page_of(run: Run, *, has_audit: bool, version: str = "") -> str:
    """Return the current report of a run."""
    events = journal.read_events(run.journal)
    history = journal.experiments(events)
    listed = listed_of(history)
    material = Material(
        tag=run.tag,
        config=run.worktree.config,
        events=events,
        history=history,
        diffs=fitting(listed, patches(run, listed)),
        setup=_setup(run) if events else {},
        has_audit=has_audit,
        version=version,
    )
    return render(material)


def draw_climb(run: Run, target: Path) -> None:
    """Write the figure of a run in the format of the file's suffix. Raises RatchetError if it cannot be written."""
    events = journal.read_events(run.journal)
    history = journal.experiments(events)
    save(
        climb_in(events, history, run.worktree.config),
        history,
        headline(history, f"{run.worktree.config.name}, run {run.tag}"),
        target,
    )


def write_page(run: Run, target: Path, text: str) -> None:
    """Write a page atomically. Raises RatchetError if the file cannot be written, or is not an earlier page."""
    check_ours(target, MARK)
    try:
        write_atomic(target, text)
    except OSError as error:
        raise RatchetError(
            f"{target}: cannot write the report: {error.strerror}. Choose another file with -o."
        ) from None


def patches(run: Run, experiments: Sequence[Experiment]) -> Mapping[str, str]:
    """Return the patch of each experiment, by commit, from one call of git."""
    wanted = [f"{old.commit} {old.parent}" for old in experiments if old.commit != old.parent]
    known = [row for row in wanted if re.fullmatch(r"[0-9a-f]{40,64} [0-9a-f]{40,64}", row)]
    if not known:
        return {}
    specs = git.pathspecs([*run.worktree.editable, *run.worktree.frozen])
    options = ["--stdin", "-p", "-r", "--no-ext-diff", "--no-textconv", "--no-color"]
    text = git.call(
        run.worktree.repo.root,
        "diff-tree",
        *options,
        "--",
        *specs,
        stdin="\n".join([*dict.fromkeys(known), ""]).encode(),
    )
    pieces = re.split(r"^([0-9a-f]{40,64})\n", text.decode("utf-8", "replace"), flags=re.M)
    return dict(zip(pieces[1::2], pieces[2::2], strict=True))


def _setup(run: Run) -> dict[str, str]:
    """Return the text of the setup files at the start of the run."""
    first, worktree = str(run_event(run).data["first"]), run.worktree
    found = {path: git.read_file(worktree.repo, first, worktree.in_repo(path)) for path in worktree.config.setup}
    return {path: content.decode("utf-8", "replace") for path, content in found.items() if content is not None}
