"""Gather what a report is made of, from the journal and from git, and write the page."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from ratchet.core.records import Experiment
from ratchet.core.trajectory import climb_of
from ratchet.errors import RatchetError
from ratchet.repo import git, journal
from ratchet.repo.journal import latest_analysis
from ratchet.repo.run import Run, run_event
from ratchet.views.figure import headline, save
from ratchet.views.report.material import Material, fitting, listed_of
from ratchet.views.report.page import render


def page_of(run: Run, *, has_audit: bool, version: str = "") -> str:
    """Return the report of a run as it stands now."""
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
    """Write the climb of a run as a figure; the suffix says the format. Raises RatchetError where it cannot."""
    events = journal.read_events(run.journal)
    history, analysis = journal.experiments(events), latest_analysis(events, "placebo")
    climb = climb_of(history, run.worktree.config, analysis["answer"] if analysis else None)
    save(climb, history, headline(history, f"{run.worktree.config.name}, run {run.tag}"), target)


def write_page(run: Run, target: Path, text: str) -> None:
    """Write a page in one step. Raises RatchetError where the file cannot be written."""
    temporary = target.with_name(f".{target.name}.ratchet~")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_text(text, "utf-8", errors="replace", newline="\n")
        Path(temporary).replace(target)
    except OSError as error:
        raise RatchetError(
            f"{target}: expected to write the report, got: {error.strerror}. Choose another -o."
        ) from None


def patches(run: Run, experiments: Sequence[Experiment]) -> Mapping[str, str]:
    """Return what each experiment changed, by commit, from one call of git."""
    wanted = [f"{old.commit} {old.parent}" for old in experiments if old.commit != old.parent]
    known = [row for row in wanted if re.fullmatch(r"[0-9a-f]{40,64} [0-9a-f]{40,64}", row)]
    if not known:
        return {}
    specs = [f":(top,literal){path}" for path in [*run.worktree.editable, *run.worktree.frozen]]
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
    """Return the text of the setup files as the run took them."""
    first, worktree = str(run_event(run).data["first"]), run.worktree
    found = {path: git.read_file(worktree.repo, first, worktree.in_repo(path)) for path in worktree.config.setup}
    return {path: content.decode("utf-8", "replace") for path, content in found.items() if content is not None}
