"""The ratchet from Python: run an experiment, read a history, ask for a verdict, from a notebook or a script.

What a child does is a value here as everywhere: a crash or a timeout is an Experiment with that verdict. RatchetError
is raised only for what the caller can mend, such as a folder without a repo.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from numbers import Real
from pathlib import Path

from ratchet.core.decision import Judgement, judge
from ratchet.core.records import Ending, Experiment, Measurement, Proposal
from ratchet.engine.loop import Silent, open_run
from ratchet.engine.session import now, work_on
from ratchet.errors import RatchetError
from ratchet.repo.journal import read_experiments, read_what_can_be_read
from ratchet.repo.run import Run, Worktree, check_frozen, current_run, free_tag, open_worktree, require_run, start_run


def run_experiment(source: str | None = None, *, where: str | Path = ".", message: str = "") -> Experiment:
    """Measure the edit on the desk, or `source` as the editable file, and return what became of it.

    A run is started, with its baseline, where HEAD is on none. Raises RatchetError for what the caller can mend.
    """
    worktree = open_worktree(Path(where).resolve())
    run = current_run(worktree) or start_run(worktree, free_tag(worktree, now()), now())
    check_frozen(worktree, run.branch, (*worktree.config.readonly, *worktree.config.setup))
    with work_on(run, "ratchet.run_experiment", screen=Silent()) as session:
        open_run(session, Silent())
        if source is not None:
            (worktree.root / _only_editable(worktree)).write_text(source, "utf-8")
        return session.step(Proposal(hypothesis=message))


def history(where: str | Path = ".", *, tag: str | None = None) -> list[Experiment]:
    """Return the experiments of a run, newest first; damaged lines of its journal are passed over with a warning."""
    worktree = open_worktree(Path(where).resolve())
    run = Run(worktree, tag) if tag else require_run(worktree)
    return read_what_can_be_read(run.journal)[::-1]


def verdict(numbers: Mapping[str, float | None], *, where: str | Path = ".") -> Judgement:
    """Return what would become of an experiment that measured these numbers; nothing is run and nothing changes.

    What is no finite number was not measured.
    """
    run = require_run(open_worktree(Path(where).resolve()))
    measured = Measurement(Ending.OK, numbers={name: _finite(value) for name, value in numbers.items()})
    return judge(measured, read_experiments(run.journal), run.worktree.config)


def _finite(value: object) -> float | None:
    """Return a number of any library, numpy's for example, or None for what is none."""
    is_real = isinstance(value, Real) and not isinstance(value, bool)
    return float(value) if is_real and math.isfinite(value) else None  # type: ignore[arg-type]  # checked


def _only_editable(worktree: Worktree) -> str:
    if len(worktree.config.editable) != 1:
        raise RatchetError(
            f"source: expected a project with one editable file, got {len(worktree.config.editable)}. "
            "Edit the files yourself and leave source out."
        )
    return worktree.config.editable[0]
