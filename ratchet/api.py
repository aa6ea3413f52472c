"""The ratchet from Python: run an experiment, read the history, compute a verdict.

A crash or a timeout of the measured code is an Experiment with that verdict. RatchetError is raised only for errors
that the caller can fix, such as a folder without a repo.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from numbers import Real
from pathlib import Path
from typing import Any

from ratchet.core.config_file import to_direction
from ratchet.core.decision import Judgement, judge
from ratchet.core.evaluation import Evaluation, evaluate
from ratchet.core.records import Ending, Experiment, Measurement, Proposal, best
from ratchet.core.tracking import log_row
from ratchet.engine.edit_again import leaving
from ratchet.engine.loop import Silent
from ratchet.engine.measure import read_log
from ratchet.engine.session import now, work_on
from ratchet.errors import RatchetError
from ratchet.repo.journal import read_experiments, read_what_can_be_read
from ratchet.repo.run import (
    Run,
    Worktree,
    check_frozen,
    current_run,
    find_run,
    free_tag,
    open_worktree,
    require_run,
    start_run,
    take_up,
)


@dataclass(frozen=True, slots=True)
class ExperimentResult(Experiment):
    """An experiment with the log of its commands, stderr included."""

    log: str = ""

    @property
    def success(self) -> bool:
        """It was measured: the command ended well and the metric was found."""
        return self.ending is Ending.OK and self.metric is not None

    @property
    def error(self) -> str:
        """Why there is no number; empty if there is one."""
        return "" if self.success else self.reason

    @property
    def duration(self) -> float | None:
        """Wall-clock seconds of the measurement, None if the number is that of an earlier experiment."""
        return self.wall_time_s


@dataclass(frozen=True, slots=True)
class SystemExperiment:
    """A run of a project from Python: its experiments, one after another, on the branch autoresearch/TAG."""

    where: Path
    tag: str

    @property
    def baseline(self) -> float | None:
        """The metric at the start, None if it could not be measured."""
        first = next(iter(self.experiments()), None)
        return first.metric if first else None

    @property
    def best(self) -> float | None:
        """The best metric so far."""
        top = best(self.experiments())
        return top.metric if top else None

    def run(self, source: str | None = None, *, message: str = "") -> ExperimentResult:
        """Measure the edit in the worktree, or `source` as the editable file, as `run_experiment` does."""
        return run_experiment(source, where=self.where, message=message)

    def evaluate(self, result: Experiment | float | None) -> Evaluation:
        """Compare a result with what was best before it, as `evaluate_result` does."""
        return evaluate_result(result, where=self.where)

    def experiments(self) -> list[Experiment]:
        """Return the experiments, oldest first."""
        return history(self.where, tag=self.tag)[::-1]

    def history(self) -> list[dict[str, Any]]:
        """Return the experiments as rows, oldest first, as `get_experiment_history` does."""
        return get_experiment_history(self.where, tag=self.tag)


def prepare_experiment(where: str | Path = ".", *, tag: str | None = None) -> SystemExperiment:
    """Start a run with its baseline, or take up the run TAG or the current one, and return it.

    A baseline that crashes is no exception: then `baseline` is None, and the first number that is measured is kept.
    """
    worktree = open_worktree(Path(where).resolve())
    current = current_run(worktree)
    name = tag or (current.tag if current else free_tag(worktree, now()))
    with leaving(current, name, "ratchet.prepare_experiment"):
        run = take_up(worktree, name) or start_run(worktree, name, now())
    with work_on(run, "ratchet.prepare_experiment", screen=Silent()) as session:
        session.resume()
        if not session.history:
            session.baseline()
    return SystemExperiment(worktree.root, run.tag)


def run_experiment(source: str | None = None, *, where: str | Path = ".", message: str = "") -> ExperimentResult:
    """Measure the edit in the worktree, or `source` as the editable file, and return the experiment.

    Starts a new run with its baseline if the current branch is not a run branch. Raises RatchetError for errors that
    the caller can fix.
    """
    worktree = open_worktree(Path(where).resolve())
    run = current_run(worktree) or start_run(worktree, free_tag(worktree, now()), now())
    check_frozen(worktree, run.branch, (*worktree.config.readonly, *worktree.config.setup))
    with work_on(run, "ratchet.run_experiment", screen=Silent()) as session:
        finished = session.finish_step()
        if not session.history:
            session.baseline()
        if source is not None:
            (worktree.root / _only_editable(worktree)).write_text(source, "utf-8")
        is_done = source is None and any(old.n > 0 for old in finished) and not session.is_worktree_edited()
        made = finished[-1] if is_done else session.step(Proposal(hypothesis=message))
    known = {field.name: getattr(made, field.name) for field in fields(Experiment)}
    return ExperimentResult(**known, log=read_log(run, made.n if made.reused is None else made.reused))


def evaluate_result(
    result: Experiment | float | None,
    against: float | None = None,
    *,
    direction: str | None = None,
    where: str | Path = ".",
) -> Evaluation:
    """Compare a result with an earlier number: an improvement, a regression or no change, with percent.

    Without `against`, an experiment is compared with the best before it, and a number with the best of the current run.
    Without `direction` (maximize, lower_is_better, …) the config says it. What was not measured is indeterminate.
    """
    value = result.metric if isinstance(result, Experiment) else _finite(result)
    if against is not None:
        old = _finite(against)
    else:
        old = result.prev if isinstance(result, Experiment) else _best_of_run(where)
    meant = to_direction(direction) if direction else open_worktree(Path(where).resolve()).config.metric.direction
    return evaluate(value, old, meant)


def _best_of_run(where: str | Path) -> float | None:
    run = require_run(open_worktree(Path(where).resolve()))
    top = best(read_experiments(run.journal))
    return top.metric if top else None


def get_experiment_history(where: str | Path = ".", *, tag: str | None = None) -> list[dict[str, Any]]:
    """Return the experiments of a run as rows with the names that other tools use, oldest first."""
    worktree = open_worktree(Path(where).resolve())
    run = find_run(worktree, tag) if tag else require_run(worktree)
    return [log_row(old, worktree.config, run.tag) for old in read_what_can_be_read(run.journal)]


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
