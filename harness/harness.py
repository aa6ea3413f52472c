"""The open harness: a table, its splits, and warm workers that evaluate files on it.

The split, the evaluation and the printed lines are functions of prepare.py, passed in as Rules.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from harness import fingerprint
from harness.audit import Finding, audit
from harness.data.dataset import Table, read_card, read_table
from harness.early_stopping import Known, Target
from harness.evaluate import FoldWorkers, Result
from harness.lines import Lines
from harness.problem import Problem, Scores
from harness.trainfile import TrainFile
from harness.workers.pool import Runner, TaskBudget
from harness.workers.sandbox_level import probe_level


class Evaluate(Protocol):
    """prepare.evaluate: the loop over the folds."""

    def __call__(
        self, file: TrainFile, workers: FoldWorkers, *, target: Target | None = None, refits: bool | None = None
    ) -> Result:
        """Evaluate a file on the folds of these workers."""
        ...


@dataclass(frozen=True, slots=True)
class Rules:
    """The functions and constants of prepare.py that the harness needs."""

    root: Path
    test_size: float
    split: Callable[[Table, int], Problem]
    evaluate: Evaluate
    mean_auc: Callable[[Sequence[float | None]], float]
    lines: Callable[[Result, Problem, str, float], Lines]
    exit_status: Callable[[Result], int]
    budget: TaskBudget


@dataclass(slots=True)
class Harness:
    """An open table with warm workers."""

    table: Table
    runner: Runner
    rules: Rules
    sandbox: str = ""  # what the sandbox enforces on this machine
    parts: dict[str, str] = field(default_factory=dict)  # of the fingerprint
    on_progress: Callable[[str], None] = lambda _text: None
    known: Known = field(default_factory=dict)  # fold AUCs of earlier experiments
    _workers: dict[int, FoldWorkers] = field(
        default_factory=dict
    )  # kept, so the probe rows of a partition stay the same

    @property
    def fingerprint(self) -> str:
        """A hash of everything but train.py that a number depends on, eight characters long."""
        return fingerprint.shorten(self.parts)

    def workers(self, partition: int = 0) -> FoldWorkers:
        """Return the workers for one partition of the rows; decisions use partition 0."""
        if partition not in self._workers:
            problem = self.rules.split(self.table, partition)
            self._workers[partition] = FoldWorkers(
                problem, self.runner, self.rules.budget, on_progress=self.on_progress
            )
        return self._workers[partition]

    def evaluate(self, source: TrainFile, partition: int = 0, *, refits: bool | None = None) -> Result:
        """Evaluate a file on all folds of one partition."""
        return self.rules.evaluate(source, self.workers(partition), refits=refits)

    def val_auc(self, problem: Problem, scores: Sequence[Scores]) -> float | None:
        """Return the val_auc of out-of-fold scores, as prepare.py computes it; None if a fold has no AUC."""
        fold_aucs = problem.fold_aucs(scores)
        return None if None in fold_aucs else self.rules.mean_auc(fold_aucs)

    def audit(self) -> list[Finding]:
        """Audit the table and its split; return the most severe findings first."""
        problem = self.workers().problem
        return audit(self.table, problem.train, problem.test, seed=problem.seed)


def open_harness(rules: Rules, runner: Runner, on_progress: Callable[[str], None]) -> Harness:
    """Read the table, start the launcher, and test what the sandbox enforces.

    Raises
    ------
    TableError
        There is no table, or it cannot be split into folds.
    """
    card = read_card(rules.root)
    runner.warm_up()  # imports the libraries while the table is read
    table = read_table(rules.root, card)
    level = probe_level(runner, rules.root / "prepare.py")
    card_text = (rules.root / "data/dataset.toml").read_text()
    parts = fingerprint.collect(rules.root, table=table.digest, card=card_text, sandbox=level)
    harness = Harness(table, runner, rules, level, parts, on_progress)
    harness.workers()
    return harness
