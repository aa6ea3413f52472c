"""Check that the features of a row do not depend on the other rows."""

from __future__ import annotations

import numpy as np

from harness.checks.base import CheckResult, Cost, Failure, could_not_look
from harness.checks.context import CheckContext
from harness.checks.row_wise import differs

NAME = "row-wise-features"
CATCHES = "a feature_fn that looks at other rows: means, ranks, scaling, target encoding"
FIX = "compute it from the row alone, or move the step into build_pipeline, where it learns from training rows only"
COST = Cost.SCORES
TOLERANCE = 1e-9  # of a column's width; arithmetic may round differently at another position of a batch
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
        return CheckResult(False, f"feature_fn failed on a subset of the training rows: {tables.reason}")
    whole, part = tables
    if whole.shape[1] != part.shape[1]:
        n_columns = f"{whole.shape[1]} columns for {len(whole)} rows but {part.shape[1]} for {len(part)} of them"
        return CheckResult(False, f"feature_fn returns {n_columns}")
    n_changed = int(differs(whole[few], part, TOLERANCE).any(axis=0).sum())
    verb = "depends" if n_changed == 1 else "depend"
    return CheckResult(n_changed == 0, f"{n_changed} of {part.shape[1]} features {verb} on other rows")
