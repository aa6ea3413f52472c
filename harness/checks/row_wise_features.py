"""Check that the features of a row do not depend on the other rows.

Numbers of the same rows from two batches are compared with a tolerance relative to the spread of each column. The
spread is the width of the narrowest quarter of a column's values, which outliers and distant clusters do not widen. If
a quarter of a column is one value, only rounding may differ.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from harness.checks.base import CheckResult, Cost, Failure, could_not_look
from harness.checks.context import CheckContext

NAME = "row-wise-features"
CATCHES = "a feature_fn that looks at other rows: means, ranks, scaling, target encoding"
FIX = "compute it from the row alone, or move the step into build_pipeline, where it learns from training rows only"
COST = Cost.SCORES
TOLERANCE = 1e-9  # of a column's width; arithmetic may round differently at another position of a batch
MAX_ROWS = 400
ROUNDING = 4 * float(np.finfo(float).eps)  # relative to the number
QUARTER = 4

Table = np.ndarray[Any, np.dtype[np.float64]]
Mask = np.ndarray[Any, np.dtype[np.bool_]]


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


def differs(a: Table, b: Table, tolerance: float) -> Mask:
    """Return which numbers differ, shape (n_rows, n_columns).

    `a` and `b` are the same rows in two batches; missing equals missing. `tolerance` is the allowed difference, in
    widths of the narrowest quarter of the column.
    """
    both = np.isfinite(a) & np.isfinite(b)
    same = (a == b) | (np.isnan(a) & np.isnan(b))
    # a quarter of each, so that the difference of the largest floats is finite
    a, b = (np.where(both, values, 0) / QUARTER for values in (a, b))
    pooled, finite = np.vstack([a, b]), np.vstack([both, both])
    width = np.array([_narrowest(pooled[finite[:, i], i]) for i in range(pooled.shape[1])])
    allowed = tolerance * width + ROUNDING * np.maximum(np.abs(a), np.abs(b))
    return np.asarray(~same & ~(both & (np.abs(a - b) <= allowed)))


def _narrowest(values: Table) -> float:
    """Return the width of the shortest interval that holds a quarter of the values."""
    ordered, n = np.sort(values), -(-len(values) // QUARTER)
    return float((ordered[n:] - ordered[:-n]).min()) if 0 < n < len(values) else 0.0
