"""Probe rows, which are scored after a fold's validation rows and distinguish learning from looking up.

A model that has learned from the training rows scores a row by its values; one that stores labels recognises the very
rows. So the fold scores, in one shuffled batch, every validation row again (*companion*), the same rows moved by less
than their unit (*nudge*), and rows that are combined from two rows of the same class (*recombined*). train.py gets one
batch of rows and no information about their kinds.

What may be moved was found by measurements on eight tables (the figures are in harness/checks/label_flip.py). Only
measurements are moved. A number with few distinct values is a code, and a value that more than one row in twenty shares
is a statement ("no bypass", "never smoked") in a column of measurements; moving these rejected honest models. So did
moving by a fifth of a standard deviation, which is a different row if the classes are close together.

Not covered: a table of codes only, where nothing can be moved; for it there are only the recombined rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
import pandas as pd

from harness.problem import Problem, Rows, Scores

MAX_ROWS = 1000  # of each kind and fold; with more, the differences are far smaller than a gain
MIN_OF_CLASS = 10  # else the AUC of the probe rows could be undefined for a rare class
MANY = 50_000  # rows from which the unit of a column is derived; more rows give the same unit
MIN_VALUES = 10  # and at least the root of the number of rows; a number with fewer distinct values is a code
COMMON = 0.05  # a value of more than this share of the rows is a statement, not a measurement
REACH = 0.49  # of the unit; a value moved by less than half of it would round to the same number
NUDGES, RECOMBINATIONS = 3, 2


class Perturbation(StrEnum):
    """How a probe row was made."""

    COMPANION = "companion"
    NUDGE = "nudge"
    RECOMBINED = "recombined"


@dataclass(frozen=True, slots=True)
class Batch:
    """Probe rows of one fold in one shuffled batch.

    `kinds` and `origin` have one entry for each row: how it was made, and the validation row (0..n-1) of the fold that
    it was made from (for a recombined row, one of the two).
    """

    X: pd.DataFrame
    kinds: np.ndarray[tuple[int], np.dtype[np.object_]]
    origin: Rows

    def select(self, kind: Perturbation, scores: Scores) -> tuple[Rows, Scores]:
        """Return (origin, scores) of the rows of one kind, sorted by origin."""
        chosen = np.flatnonzero(self.kinds == kind)
        chosen = chosen[np.argsort(self.origin[chosen], kind="stable")]
        return self.origin[chosen], scores[chosen]

    def apart(self) -> tuple[Rows, Rows]:
        """Return the positions of the changed rows, and of every second companion, to be scored as separate batches."""
        is_companion = self.kinds == Perturbation.COMPANION
        return np.flatnonzero(~is_companion), np.flatnonzero(is_companion)[::2]

    def take(self, positions: Rows) -> Batch:
        """Return these rows in this order."""
        return Batch(self.X.take(positions).reset_index(drop=True), self.kinds[positions], self.origin[positions])


@dataclass(frozen=True, slots=True)
class Unit:
    """The unit of a column of measurements: its smallest step, and the values that are statements."""

    step: float
    fixed: frozenset[float]
    is_whole: bool  # whole numbers, also in a float column: a file may rely on it


def build(problem: Problem, val: Rows, units: Mapping[str, Unit], rng: np.random.Generator) -> Batch:
    """Return the probe rows for one fold's validation rows; `units` comes from `measured_in`."""
    origin = _origins(problem.y[val], rng)
    rows, y = problem.rows(val[origin]), problem.y[val[origin]]
    frames = [
        (Perturbation.COMPANION, rows),
        *[(Perturbation.NUDGE, moved_copies(rows, units, rng)) for _ in range(NUDGES)],
        *[(Perturbation.RECOMBINED, _recombined(rows, y, rng)) for _ in range(RECOMBINATIONS)],
    ]
    order = rng.permutation(len(frames) * len(origin))
    kinds = np.repeat(np.array([kind for kind, _ in frames], dtype=object), len(origin))[order]
    stacked = pd.concat([frame for _, frame in frames], ignore_index=True)
    return Batch(stacked.iloc[order].reset_index(drop=True), kinds, np.tile(origin, len(frames))[order])


def _origins(y: Rows, rng: np.random.Generator) -> Rows:
    """Return the validation rows to probe: all, or MAX_ROWS and at least MIN_OF_CLASS of each class."""
    if len(y) <= MAX_ROWS:
        return np.arange(len(y))
    chosen = [rng.choice(len(y), MAX_ROWS, replace=False)]
    for label in np.unique(y[np.setdiff1d(np.arange(len(y)), chosen[0])]):
        n_more = MIN_OF_CLASS - int((y[chosen[0]] == label).sum())
        left = np.setdiff1d(np.flatnonzero(y == label), chosen[0])
        chosen.append(rng.permutation(left)[: max(0, n_more)])
    return np.sort(np.concatenate(chosen))


def measured_in(X: pd.DataFrame) -> dict[str, Unit]:
    """Return the columns of measurements and their units."""
    X = X.iloc[np.sort(np.random.default_rng(0).choice(len(X), MANY, replace=False))] if len(X) > MANY else X
    enough = max(MIN_VALUES, np.sqrt(len(X)))
    numbers = X.select_dtypes("number").columns
    return {column: _unit(X[column]) for column in numbers if X[column].nunique() >= enough}


def _unit(column: pd.Series[float]) -> Unit:
    shares = column.value_counts(normalize=True, dropna=False)
    values = np.unique(column.dropna().to_numpy(dtype=float))
    fixed = frozenset(shares.index[shares > COMMON].dropna())
    return Unit(float(np.diff(values).min()), fixed, is_whole=bool((values == np.floor(values)).all()))


def moved_copies(rows: pd.DataFrame, units: Mapping[str, Unit], rng: np.random.Generator) -> pd.DataFrame:
    """Move each measurement by less than half its unit, and a whole number by one, so that it stays whole.

    `units` comes from `measured_in`.
    """
    moved = rows.copy()
    for column, unit in units.items():
        values = rows[column]
        draw = rng.uniform(-1, 1, len(rows))
        by: np.ndarray[Any, Any] = draw * REACH * unit.step
        if unit.is_whole:
            by = np.where(draw < 0, -1, 1)
        moved[column] = values.where(values.isin(unit.fixed), values + by)
    return moved


def _recombined(rows: pd.DataFrame, y: Rows, rng: np.random.Generator) -> pd.DataFrame:
    """Return rows that take each column either from the row itself or from one other row of its class."""
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
