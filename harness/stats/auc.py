"""The area under the ROC curve, the probability that a row of a class scores above a row of the rest, and its variance.

Source of the variance, also of the difference of two AUCs on the same rows: DeLong, DeLong and Clarke-Pearson (1988),
Biometrics 44:837-845. The AUC is a mean over pairs of rows; the contribution of one row is its structural component
(V10 of a positive row, V01 of a negative one), and the variance of the AUC is S10/m + S01/n, the variances of the
components over their m and n rows. Computed by ranks in O(n log n), as in Sun and Xu (2014), IEEE Signal Processing
Letters 21:1389-1393.

More than two classes: the macro AUC is a mean of K such areas, so the component of a row is the sum of its
contributions to each, and the variance is the sum over the classes of n_k times the variance of the components within
class k. For two classes this is DeLong's formula. The argument (a first-order projection over samples of fixed size) is
DeLong's for several curves; its extension to several classes is ours and is tested by a simulation.

Covered: the sampling of the scored rows. Not covered: the sampling of the training rows.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

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
    """Return what `auc(*roc_curve(is_class, score)[:2])` of scikit-learn returns, in a tenth of its time.

    A would-be keep asks for 400 areas of some 60 rows, where its input checks took 0.35 CPU seconds. The steps are
    those of `roc_curve`, so that every rounding is the same: the counts at each distinct score, without those on a
    straight line, then the trapezoidal rule.
    """
    if not np.isfinite(score).all():
        raise ValueError("the scores must be finite, not NaN or infinity")
    order = np.argsort(-score, kind="stable")
    with np.errstate(over="ignore"):
        last = np.append(np.flatnonzero(np.diff(score[order])), len(score) - 1)  # row of each distinct score
    above = np.cumsum(is_class[order], dtype=np.float64)[last]
    below = 1 + last - above
    is_corner = np.r_[True, (np.diff(below, 2) != 0) | (np.diff(above, 2) != 0), True] if len(last) > 2 else slice(None)
    false_positives, true_positives = (np.r_[0.0, counts[is_corner]] / counts[-1] for counts in (below, above))
    return float(np.trapezoid(true_positives, false_positives))


def delong_variance(y: Labels, score: Scores) -> float | None:
    """Return the variance of `auc(y, score)`; None if a class has fewer than two rows.

    It is 0.0 for an AUC of 1; `delong_interval` gives an interval even then.

    Source: DeLong et al. (1988), S10/m + S01/n for a single curve.
    """
    return components_variance(y, components(y, score), count_classes(score))


def paired_variance(y: Labels, a: Scores, b: Scores) -> float | None:
    """Return the variance of `auc(y, b) - auc(y, a)`, both measured on these rows; None as in `delong_variance`.

    Source: DeLong et al. (1988), L S L' with the contrast L = (-1, 1). It is computed as the variance of one curve
    whose components are the differences of the two.
    """
    return components_variance(y, components(y, b) - components(y, a), count_classes(a))


def paired_se(y: Labels, a: Scores, b: Scores) -> float | None:
    """Return the standard error of `auc(y, b) - auc(y, a)`; exactly 0.0 if both rank the rows alike."""
    variance = paired_variance(y, a, b)
    return None if variance is None else math.sqrt(variance)


def delong_interval(y: Labels, score: Scores, *, level: float = 0.95) -> Interval | None:
    """Return the confidence interval of the AUC, symmetric on the logit scale; None as in `delong_variance`.

    An interval on the plain scale leaves [0, 1] and covers too little near 1: .89 at an AUC of .9 with 17 positives in
    61 rows, against .94 on the logit scale (4,000 simulated tests). With ten rows in the smaller class the logit
    interval covers .86 to .94.

    Source: logit(AUC) ± z SE / (AUC (1 - AUC)), the delta method; Pepe (2003), The Statistical Evaluation of Medical
    Tests, section 5.2.
    """
    area, variance = auc(y, score), delong_variance(y, score)
    if area is None or variance is None:
        return None
    tail = (1 - level) / 2
    if area in (0.0, 1.0):
        return _perfect_interval(area, tail, _disjoint_pairs(y, score))
    middle = math.log(area / (1 - area))
    reach = NormalDist().inv_cdf(1 - tail) * math.sqrt(variance) / (area * (1 - area))
    return Interval(_expit(middle - reach), _expit(middle + reach))


def _perfect_interval(area: float, tail: float, n_pairs: int) -> Interval:
    """Bound an AUC of 0 or 1, for which DeLong's variance is 0 and the logit infinite.

    Pair each row of the smaller class with a different row of the other. These pairs are independent, and each is in
    the right order with probability AUC, so all are with AUC ** n_pairs. Source: Clopper and Pearson (1934).
    """
    bound = tail ** (1 / n_pairs)
    return Interval(bound, 1.0) if area == 1.0 else Interval(0.0, 1 - bound)


def _disjoint_pairs(y: Labels, score: Scores) -> int:
    """Return the smallest number of disjoint pairs of any binary problem: all must be perfect for a mean of 1."""
    return min(int(min(is_class.sum(), (~is_class).sum())) for is_class, _ in one_vs_rest(y, score))


def components(y: Labels, score: Scores) -> Scores:
    """Return the component of each row, in AUC units; 0 for a binary problem with an empty side."""
    questions = one_vs_rest(y, score)
    total = np.zeros(len(y))
    for is_class, column in questions:
        positive, negative = column[is_class], column[~is_class]
        if len(positive) and len(negative):
            total[is_class] += _share_below(positive, negative) / len(positive)
            total[~is_class] += (1 - _share_below(negative, positive)) / len(negative)
    return total / len(questions)


def _share_below(values: Scores, others: Scores) -> Scores:
    """Return for each value the share of the others below it; a tie counts half."""
    ranked = np.sort(others)
    return (np.searchsorted(ranked, values, "left") + np.searchsorted(ranked, values, "right")) / (2 * len(others))


def components_variance(y: Labels, per_row: Scores, n_classes: int) -> float | None:
    """Return the sum over the classes of n_k times the variance of the components of their rows."""
    groups = [per_row[y == k] for k in range(n_classes)]
    if min(map(len, groups)) < 2:
        return None
    return float(sum(len(group) * group.var(ddof=1) for group in groups))


def _expit(logit: float) -> float:
    return 1 / (1 + math.exp(-logit))
