"""Measure the area under the ROC curve: the chance that a row of the class is scored above a row of the rest."""

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
    """Where a true value lies, at the level that was asked for."""

    low: float
    high: float


def auc(y: Labels, score: Scores) -> float | None:
    """Return the AUC, to the last bit the one of scikit-learn; None where a class, or the rest of it, has no row.

    Beyond two classes it is the mean over the classes of each against the rest. scikit-learn's own would refuse the
    scores of a decision function, which need not sum to 1; on scores that do, the two are equal.

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
    """Return the yes-or-no questions that an AUC is the mean of: one for two classes, K for K > 2."""
    if score.ndim == 1:
        return [(y == 1, score)]
    return [(y == k, score[:, k]) for k in range(score.shape[1])]


def count_classes(score: Scores) -> int:
    """Return how many classes scores of this shape tell apart."""
    return 2 if score.ndim == 1 else score.shape[1]


def _binary_auc(is_class: Mask, score: Scores) -> float:
    """Return roc_auc_score by the two steps that it takes itself, without its checks, in under half the time."""
    with np.errstate(over="ignore", invalid="ignore"):  # it subtracts scores, only to see which are the same
        false_positives, true_positives, _ = roc_curve(is_class, score)
    return float(area_under(false_positives, true_positives))
