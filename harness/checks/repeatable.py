"""Check that the same file gives the same scores again, with the rows in another order.

Covered: randomness, and a file that remembers the rows it has scored, whose scores depend on their order.
"""

from __future__ import annotations

import re

import numpy as np

from harness.checks.base import CheckResult, Cost, Failure, could_not_look
from harness.checks.context import CheckContext
from harness.checks.row_wise_predictions import MAX_SHARE, share_changed

NAME = "repeatable"
CATCHES = "random scores: they depend on an unset seed, the clock or an address in memory"
FIX = "set random_state (or pass a seeded numpy Generator) wherever random numbers are used, and store no scored rows"
COST = Cost.REFIT
TIMED = re.compile(r"\b(?:AutoML|time_budget(?:_s)?)\b")  # FLAML, the one declared package that searches by the clock
# A budget in CPU seconds would not repeat either: on one table, 149 to 160 tries fitted into 2 of them.
TIMED_FIX = (
    "a search that stops by the clock never repeats. For FLAML write AutoML(…, max_iter=12, time_budget=-1, seed=1, "
    'n_jobs=1, log_file_name="") and no seconds; docs/flaml_train.py is a whole example'
)


def run(context: CheckContext) -> CheckResult:
    """Measure every fold again in new processes. All folds, since a file can recognise a fold by its rows."""
    again = context.again()
    if isinstance(again, Failure):
        if again.is_transient:
            return could_not_look(again)
        return CheckResult(False, f"the second measurement failed: {again.reason}")
    first, second = (np.concatenate([fold.scores for fold in folds]) for folds in (context.folds, again))
    n_changed = int((second != first).reshape(len(first), -1).any(axis=1).sum())
    if n_changed:
        worst = 2 * float(np.abs(second / 2 - first / 2).max())
        evidence = f"{n_changed} of {len(first)} scores differ in a second measurement, by up to {worst:.2g}"
        return CheckResult(False, evidence, fix=TIMED_FIX if TIMED.search(context.source) else "")
    share = float(np.mean([share_changed(fold) for fold in again]))
    if share > MAX_SHARE:
        return CheckResult(False, f"{100 * share:.1f} % of the scores depend on which rows were scored before")
    return CheckResult(True, f"0 of {len(first)} scores differ in a second measurement")
