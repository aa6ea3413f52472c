"""Say whether feature_fn makes the same of a row whatever rows stand beside it."""

from __future__ import annotations

from typing import Any

import numpy as np

from harness.checks.base import CheckResult, Cost, Failure, could_not_look
from harness.checks.context import CheckContext
from harness.checks.row_wise import differs

NAME = "row-wise-features"
CATCHES = "a feature_fn that looks at other rows: means, ranks, scaling, target encoding"
FIX = "compute it from the row alone, or move the step into build_pipeline, where it learns from training rows only"
COST = Cost.SCORES
TOLERANCE = 1e-9  # of a column's width: elementwise arithmetic may round differently in another place of a batch
MAX_ROWS = 400


def run(context: CheckContext) -> CheckResult:
    """Compare a row's features among all rows with its features in a shuffled half of them, in two processes."""
    rng = np.random.default_rng([context.problem.seed, 1])
    train = context.problem.train
    everyone = np.sort(rng.choice(train, min(len(train), 2 * MAX_ROWS), replace=False))
    few = rng.permutation(len(everyone))[: max(1, len(everyone) // 2)]
    tables = context.features([context.problem.rows(everyone), context.problem.rows(everyone[few])])
    if isinstance(tables, Failure):
        if tables.is_transient:
            return could_not_look(tables)
        return CheckResult(False, f"feature_fn failed on other rows: {tables.reason}")
    whole, part = tables
    if whole.shape[1] != part.shape[1]:
        evidence = f"{whole.shape[1]} columns for {len(whole)} rows, {part.shape[1]} for {len(part)} of them"
        return CheckResult(False, evidence)
    changed = np.flatnonzero(differs(whole[few], part, TOLERANCE).any(axis=0))
    if len(changed) == 0:
        return CheckResult(True, f"{len(part)} rows, {part.shape[1]} columns: the same among other rows")
    return CheckResult(False, f"{_count(changed, part)} other rows stand beside a row")


def _count(changed: np.ndarray[Any, Any], part: np.ndarray[Any, Any]) -> str:
    verb = "changes" if len(changed) == 1 else "change"
    return f"{len(changed)} of {part.shape[1]} features {verb} when"
