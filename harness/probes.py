"""Extra rows that ride along with a fold's validation rows and show whether a score comes from learning or from looking up.

A model that has learned from the training rows scores a row by its values; one that carries labels knows the very rows.
So the fold scores, in one shuffled batch, every validation row again (*companion*), the same rows moved a little
(*nudge*) and by a fifth of a standard deviation (*shift*), and rows put together from two parents of the same class
(*recombined*). train.py sees one batch of rows and cannot tell which is which; the classes stay with the harness.

Source of the idea and of the thresholds: measured on 78 honest files and 13 that carried labels, heart table.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import pandas as pd

from harness.problem import Problem, Rows, Scores

MAX_ROWS = 1000  # of each kind and fold: beyond that the differences are far smaller than anybody's gain
MIN_DISTINCT = 10  # a number with fewer values is a code, and a code must not be moved
SHIFT_SD = 0.2
RECOMBINED_COPIES = 2


class Kind(StrEnum):
    """What was done to a row."""

    COMPANION = "companion"
    NUDGE = "nudge"
    SHIFT = "shift"
    RECOMBINED = "recombined"


@dataclass(frozen=True, slots=True)
class Batch:
    """Probe rows of one fold in one shuffled batch.

    `kinds` and `origin` have one entry a row: what it is, and which of the fold's validation rows (0..n-1) it comes from
    (for a recombined row: one of its class).
    """

    X: pd.DataFrame
    kinds: np.ndarray[tuple[int], np.dtype[np.object_]]
    origin: Rows

    def select(self, kind: Kind, scores: Scores) -> tuple[Rows, Scores]:
        """Return (origin, scores) of the rows of one kind."""
        chosen = self.kinds == kind
        return self.origin[chosen], scores[chosen]


def build(problem: Problem, val: Rows, rng: np.random.Generator) -> Batch:
    """Return the probe rows for one fold's validation rows."""
    origin = np.arange(len(val)) if len(val) <= MAX_ROWS else np.sort(rng.choice(len(val), MAX_ROWS, replace=False))
    rows = problem.rows(val[origin])
    y = problem.y[val[origin]]
    steps = {column: smallest_step(problem.X[column]) for column in movable(problem.X)}
    spread = {column: float(problem.X[column].std()) for column in steps}
    frames = [
        (Kind.COMPANION, rows),
        (Kind.NUDGE, _moved(rows, steps, 0.49, rng)),
        (Kind.SHIFT, _moved(rows, spread, SHIFT_SD * np.sqrt(3), rng)),
        *[(Kind.RECOMBINED, _recombined(rows, y, rng)) for _ in range(RECOMBINED_COPIES)],
    ]
    order = rng.permutation(len(frames) * len(origin))
    kinds = np.repeat(np.array([kind for kind, _ in frames], dtype=object), len(origin))[order]
    stacked = pd.concat([frame for _, frame in frames], ignore_index=True)
    return Batch(stacked.iloc[order].reset_index(drop=True), kinds, np.tile(origin, len(frames))[order])


def movable(X: pd.DataFrame) -> list[str]:
    """Return the columns of measured numbers: those whose values can be moved a little and still mean the same."""
    numbers = X.select_dtypes("number").columns
    return [column for column in numbers if X[column].nunique() >= MIN_DISTINCT]


def smallest_step(column: pd.Series[float]) -> float:
    """Return the smallest gap between two different values: the unit in which the column was written down."""
    values = np.unique(column.dropna().to_numpy(dtype=float))
    return float(np.diff(values).min()) if len(values) > 1 else 0.0


def _moved(rows: pd.DataFrame, reach: dict[str, float], factor: float, rng: np.random.Generator) -> pd.DataFrame:
    """Move each value by a uniform draw of up to factor * reach; whole numbers by at least one, and stay whole."""
    moved = rows.copy()
    for column, unit in reach.items():
        draw = rng.uniform(-1, 1, len(rows)) * factor * unit
        if pd.api.types.is_integer_dtype(rows[column].dtype):
            away = np.where(draw < 0, -1, 1)
            whole = away * np.maximum(np.rint(np.abs(draw)), 1)
            moved[column] = rows[column] + whole.astype("int64")
        else:
            moved[column] = rows[column] + draw
    return moved


def _recombined(rows: pd.DataFrame, y: Rows, rng: np.random.Generator) -> pd.DataFrame:
    """Return rows of which each takes every column from itself or from one other row of its class."""
    other = np.arange(len(rows))
    for label in np.unique(y):
        members = np.flatnonzero(y == label)
        other[members] = rng.permutation(members)
    takes_other = rng.random(rows.shape) < 0.5
    columns = {
        name: rows[name].where(~takes_other[:, i], rows[name].iloc[other].reset_index(drop=True))
        for i, name in enumerate(rows.columns)
    }
    return pd.DataFrame(columns)
