"""Say whether the same file gives the same scores twice, the second time in another order.

Covered: chance, and a memory of the rows scored before: what it says of a row depends on the order.
"""

from __future__ import annotations

import numpy as np

from harness.checks.base import CheckResult, Cost, Failure, could_not_look
from harness.checks.context import CheckContext
from harness.checks.row_wise_predictions import MAX_SHARE, share_changed

NAME = "repeatable"
CATCHES = "a lottery: an unset seed, a clock, an address decides the scores"
FIX = "set random_state (or pass a seeded numpy Generator) wherever chance is used, and keep nothing of scored rows"
COST = Cost.REFIT


def run(context: CheckContext) -> CheckResult:
    """Measure every fold a second time, in new processes: a file can tell one fold from another by its rows."""
    again = context.again()
    if isinstance(again, Failure):
        if again.is_transient:
            return could_not_look(again)
        return CheckResult(False, f"the second time it failed: {again.reason}")
    first, second = (np.concatenate([fold.scores for fold in folds]) for folds in (context.folds, again))
    n_changed = int((second != first).reshape(len(first), -1).any(axis=1).sum())
    if n_changed:
        worst = 2 * float(np.abs(second / 2 - first / 2).max())
        evidence = f"{n_changed} of {len(first)} scores change from one run to the next, by up to {worst:.2g}"
        return CheckResult(False, evidence)
    share = float(np.mean([share_changed(fold) for fold in again]))
    if share > MAX_SHARE:
        return CheckResult(
            False, f"{100 * share:.1f} % of the scores were others before the rows beside them were seen"
        )
    return CheckResult(True, f"{len(first)} scores, the same twice")
