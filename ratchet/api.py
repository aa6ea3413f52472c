"""The ratchet from Python: run an experiment, read the history, compute a verdict.

A crash or a timeout of the measured code is an Experiment with that verdict. RatchetError is raised only for errors
that the caller can fix, such as a folder without a repo.
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
    """Measure the edit in the worktree, or `source` as the editable file, and return the experiment.

    Starts a new run with its baseline if the current branch is not a run branch. Raises RatchetError for errors that
    the caller can fix.
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
    """Return the experiments of a run, newest first; damaged lines of the journal are skipped with a warning."""
    worktree = open_worktree(Path(where).resolve())
    run = Run(worktree, tag) if tag else require_run(worktree)
    return read_what_can_be_read(run.journal)[::-1]


def verdict(numbers: Mapping[str, float | None], *, where: str | Path = ".") -> Judgement:
    """Return the verdict on an experiment with these numbers; nothing is run or changed.

    A value that is not a finite number counts as not measured.
    """
    run = require_run(open_worktree(Path(where).resolve()))
    measured = Measurement(Ending.OK, numbers={name: _finite(value) for name, value in numbers.items()})
    return judge(measured, read_experiments(run.journal), run.worktree.config)


def _finite(value: object) -> float | None:
    """Convert a real number, of numpy for example, to float; return None for anything else."""
    is_real = isinstance(value, Real) and not isinstance(value, bool)
    return float(value) if is_real and math.isfinite(value) else None  # type: ignore[arg-type]  # checked


def _only_editable(worktree: Worktree) -> str:
    if len(worktree.config.editable) != 1:
        raise RatchetError(
            f"source: the project has {len(worktree.config.editable)} editable files and source replaces exactly one. "
            "Edit the files yourself and omit source."
        )
    return worktree.config.editable[0]
