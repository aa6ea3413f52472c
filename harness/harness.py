"""A table, its splits, and warm workers to evaluate files on it: what prepare.py opens once and everything else uses.

The split, the evaluation and the printed lines are prepare.py's own functions, handed in.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from harness import fingerprint
from harness.audit import Finding, audit
from harness.data.dataset import Table, content_hash, read_card, read_table
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
    """What prepare.py decides: how rows are split, how a file is evaluated, what is printed, what it may use."""

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
    sandbox: str = ""  # what is enforced on this machine
    parts: dict[str, str] = field(default_factory=dict)  # what the fingerprint is made of
    on_progress: Callable[[str], None] = lambda _text: None
    known: Known = field(default_factory=dict)  # fold AUCs of what was measured before
    _workers: dict[int, FoldWorkers] = field(default_factory=dict)  # each keeps its probe rows: always the same ones

    @property
    def fingerprint(self) -> str:
        """Eight characters that name everything but train.py that a number depends on."""
        return fingerprint.shorten(self.parts)

    def workers(self, partition: int = 0) -> FoldWorkers:
        """Return the workers for one partition of the rows; 0 is the one that decides."""
        if partition not in self._workers:
            problem = self.rules.split(self.table, partition)
            self._workers[partition] = FoldWorkers(
                problem, self.runner, self.rules.budget, on_progress=self.on_progress
            )
        return self._workers[partition]

    def evaluate(self, source: TrainFile, partition: int = 0, *, refits: bool | None = None) -> Result:
        """Evaluate a file on one partition, every fold of it."""
        return self.rules.evaluate(source, self.workers(partition), refits=refits)

    def val_auc(self, problem: Problem, scores: Sequence[Scores]) -> float | None:
        """Return the val_auc of out-of-fold scores, as prepare.py computes it; None where a fold has no AUC."""
        fold_aucs = problem.fold_aucs(scores)
        return None if None in fold_aucs else self.rules.mean_auc(fold_aucs)

    def audit(self) -> list[Finding]:
        """Look at the table for leaks, with the split that is in force; the worst finding first."""
        problem = self.workers().problem
        return audit(self.table, problem.train, problem.test, seed=problem.seed)


def open_harness(rules: Rules, runner: Runner, on_progress: Callable[[str], None]) -> Harness:
    """Read the table, start the warm processes, and find out what the sandbox enforces.

    Raises
    ------
    TableError
        There is no table, or it cannot be cut into folds: no train.py can help that, so nothing is measured.
    """
    card = read_card(rules.root)
    runner.warm_up()  # the libraries are imported while the table is read
    table = read_table(rules.root, card)
    level = probe_level(runner, rules.root / "prepare.py")
    card_text = (rules.root / "data/dataset.toml").read_text()
    parts = fingerprint.collect(rules.root, table=content_hash(table), card=card_text, sandbox=level)
    harness = Harness(table, runner, rules, level, parts, on_progress)
    harness.workers()
    return harness
