"""The area under the ROC curve: the probability that a row of a class scores above a row of the rest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import auc as area_under
from sklearn.metrics import roc_curve

Labels: TypeAlias = NDArray[np.int64]
Scores: TypeAlias = NDArray[np.float64]
Mask: TypeAlias = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Interval:
    """A confidence interval."""

    low: float
    high: float


def auc(y: Labels, score: Scores) -> float | None:
    """Return the AUC, bit by bit that of scikit-learn; None if a class, or its rest, has no row.

    For more than two classes it is the mean one-vs-rest AUC. Unlike roc_auc_score, it accepts the scores of a decision
    function, which need not sum to 1.

    Parameters
    ----------
    y : int array of shape (n_rows,)
        Class indices 0..K-1; of two classes, 1 is the positive one.
    score : array of shape (n_rows,), or (n_rows, K) beyond two classes
        Finite; higher means more likely.
    """
    questions = one_vs_rest(y, score)
    if any(is_class.all() or not is_class.any() for is_class, _ in questions):
        return None
    return float(np.mean([_binary_auc(is_class, column) for is_class, column in questions]))


def one_vs_rest(y: Labels, score: Scores) -> Sequence[tuple[Mask, Scores]]:
    """Return the binary problems whose AUCs are averaged: one for two classes, K for K > 2."""
    if score.ndim == 1:
        return [(y == 1, score)]
    return [(y == k, score[:, k]) for k in range(score.shape[1])]


def count_classes(score: Scores) -> int:
    """Return the number of classes of scores of this shape."""
    return 2 if score.ndim == 1 else score.shape[1]


def _binary_auc(is_class: Mask, score: Scores) -> float:
    """Return roc_auc_score without its input checks, in under half the time."""
    with np.errstate(over="ignore", invalid="ignore"):  # roc_curve subtracts scores to find ties
        false_positives, true_positives, _ = roc_curve(is_class, score)
    return float(area_under(false_positives, true_positives))
