"""The open harness that analyses work with, on a small table of a test: prepare.py's own rules, a smaller budget."""

from __future__ import annotations

from dataclasses import replace

from harness.data.table import Table
from harness.harness import Harness, Rules
from harness.workers.pool import Runner, TaskBudget
from prepare import RULES

SMALL_RULES: Rules = replace(RULES, budget=TaskBudget(20.0, 300.0, 2048))


def open_table(table: Table, runner: Runner) -> Harness:
    parts = {"python": "3.11.7", "numpy": "2.0", "harness/": "abc"}
    return Harness(table, runner, SMALL_RULES, sandbox="files=kernel", parts=parts)
