"""The harness of prepare.py on a small table that was taken in: what a study gets to work with."""

from __future__ import annotations

from harness.measure import Bench
from harness.problem import Problem
from harness.runner import Budget, Runner
from harness.split import folds, train_test
from harness.tables.table import Table


class TableLab:
    """A table, split, on a warm runner."""

    sandbox = "files=kernel"

    def __init__(self, table: Table, runner: Runner) -> None:
        self.table, self.runner = table, runner
        self.parts = {"python": "3.11.7", "numpy": "2.0", "harness/": "abc"}
        self.said: list[str] = []
        self.benches: dict[int, Bench] = {}

    @property
    def on_progress(self):
        return self.said.append

    @property
    def fingerprint(self) -> str:
        return "f1f2f3f4"

    def bench(self, partition: int = 0) -> Bench:
        if partition not in self.benches:
            train, test = train_test(self.table, test_size=0.2, seed=42)
            parts = folds(self.table, train, n_folds=5, seed=42, partition=partition)
            problem = Problem(self.table.X, self.table.y, train, test, parts, 42)
            budget = Budget(20.0, 300.0, 2048)
            self.benches[partition] = Bench(problem, self.runner, budget, on_progress=self.on_progress)
        return self.benches[partition]
