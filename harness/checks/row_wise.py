"""Compare numbers of the same rows from two batches, with a tolerance relative to the spread of each column.

The spread is the width of the narrowest quarter of a column's values, which outliers and distant clusters do not widen.
If a quarter of a column is one value, only rounding may differ.
"""

from __future__ import annotations

from typing import Any

import numpy as np

ROUNDING = 4 * float(np.finfo(float).eps)  # relative to the number
QUARTER = 4

Table = np.ndarray[Any, np.dtype[np.float64]]
Mask = np.ndarray[Any, np.dtype[np.bool_]]


def differs(a: Table, b: Table, tolerance: float) -> Mask:
    """Return which numbers differ, shape (n_rows, n_columns).

    Parameters
    ----------
    a, b : float arrays of shape (n_rows, n_columns)
        The same rows in two batches. Missing equals missing.
    tolerance : float
        Allowed difference, in widths of the narrowest quarter of the column.
    """
    both = np.isfinite(a) & np.isfinite(b)
    same = (a == b) | (np.isnan(a) & np.isnan(b))
    a, b = (
        np.where(both, values, 0) / QUARTER for values in (a, b)
    )  # so that the difference of the largest floats is finite
    pooled, finite = np.vstack([a, b]), np.vstack([both, both])
    width = np.array([_narrowest(pooled[finite[:, i], i]) for i in range(pooled.shape[1])])
    allowed = tolerance * width + ROUNDING * np.maximum(np.abs(a), np.abs(b))
    return np.asarray(~same & ~(both & (np.abs(a - b) <= allowed)))


def _narrowest(values: Table) -> float:
    """Return the width of the shortest interval that holds a quarter of the values."""
    ordered, n = np.sort(values), -(-len(values) // QUARTER)
    return float((ordered[n:] - ordered[:-n]).min()) if 0 < n < len(values) else 0.0
