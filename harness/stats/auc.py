"""The area under the ROC curve (AUC), val_auc as its mean over folds, and the standard errors of both.

The AUC is the probability that a row of a class scores above a row of the rest.

Source of the variance, also of the difference of two AUCs on the same rows: DeLong, DeLong and Clarke-Pearson (1988),
Biometrics 44:837-845. The AUC is a mean over pairs of rows; the contribution of one row is its structural component
(V10 of a positive row, V01 of a negative one), and the variance of the AUC is S10/m + S01/n, the variances of the
components over their m and n rows. Computed by ranks in O(n log n), as in Sun and Xu (2014), IEEE Signal Processing
Letters 21:1389-1393.

More than two classes: the macro AUC is a mean of K such areas, so the component of a row is the sum of its
contributions to each, and the variance is the sum over the classes of n_k times the variance of the components within
class k. For two classes this is DeLong's formula. The argument (a first-order projection over samples of fixed size) is
DeLong's for several curves; its extension to several classes is ours and is tested by a simulation.

Covered: the sampling of the scored rows, fold by fold. Not covered: the sampling of the training rows; that the models
of the folds share them, and that every experiment uses the same folds (see harness/stats/selection.py).
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Labels: TypeAlias = NDArray[np.int64]
Scores: TypeAlias = NDArray[np.float64]
Mask: TypeAlias = NDArray[np.bool_]

NOISE_FLOOR_FACTOR = 1.6


@dataclass(frozen=True, slots=True)
class Interval:
    """A confidence interval."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class NoiseFloor:
    """The gain, in AUC units, that the best of `n_tries` useless tries shows by selection alone."""

    value: float
    n_tries: int

    def __str__(self) -> str:
        """Return the floor and the range in which the rule was measured, in one sentence."""
        return (
            f"noise floor {self.value:.4f} after {self.n_tries} tries: {NOISE_FLOOR_FACTOR} × the median paired "
            "standard error, as measured at about 50 tries; fewer inflate less, more inflate more"
        )


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


def val_auc_se(y: Labels, fold: Labels, score: Scores) -> float | None:
    """Return the standard error of the mean of the fold AUCs; None if one of them is undefined.

    DeLong's if each class has two rows in each fold. Otherwise, with two folds or more, the standard deviation of the
    fold AUCs over the root of their number, which with five folds has four degrees of freedom.

    In 3,000 simulated tables, 1.96 standard errors covered the true AUC in .93 to .95 with 13 positives in a fold, and
    in .87 to .92 with five; coverage falls as the AUC rises.

    `y` and `fold`, shape (n_rows,), are the class of each scored row and the fold that scored it; `score`, shape
    (n_rows,) or (n_rows, K), is compared within folds only, so its scale may differ between folds.

    Source: sqrt(sum of the fold variances) / k, since the rows of the folds are disjoint; as in LeDell, Petersen and
    van der Laan (2015), Electronic Journal of Statistics 9:1583-1607.
    """
    rows = _rows_by_fold(fold)
    pooled = _pooled([delong_variance(y[row], score[row]) for row in rows])
    return _spread([auc(y[row], score[row]) for row in rows]) if pooled is None else pooled


def paired_val_auc_se(y: Labels, fold: Labels, a: Scores, b: Scores) -> float | None:
    """Return the standard error of val_auc of b minus that of a, on the same folds. Shapes and Source as `val_auc_se`.

    Exactly 0.0 if both rank the rows of each fold alike. With 13 positives in a fold it is about a tenth too large in
    simulations.
    """
    rows = _rows_by_fold(fold)
    pooled = _pooled([paired_variance(y[row], a[row], b[row]) for row in rows])
    if pooled is not None:
        return pooled
    pairs = [(auc(y[row], a[row]), auc(y[row], b[row])) for row in rows]
    return _spread([None if old is None or new is None else new - old for old, new in pairs])


def folds_won(candidate: Sequence[float | None], best: Sequence[float | None]) -> int:
    """Return the number of folds with a strictly higher AUC; a tie or an unmeasured fold does not count."""
    pairs = zip(candidate, best, strict=True)
    return sum(1 for new, old in pairs if new is not None and old is not None and new > old)


def noise_floor(paired_ses: Iterable[float | None], n_tries: int) -> NoiseFloor | None:
    """Return the gain that selection alone explains; None if no paired standard error was measured.

    A rule of thumb; `bbc` is the estimate for one run. With 700 or more rows in the smaller class the predicted bias
    was no longer observed. `n_tries` counts the experiments that did not crash. It is shown, not used: the factor holds
    for about 50.

    Source: measured, not derived. Over 14 tables of 166 to 3,200 rows the val_auc of the best of 48 tries exceeded its
    AUC on new rows by 1.6 times the median SE (DeLong, to the baseline, of the better half): slope through 0, r = .80.
    """
    measured = [se for se in paired_ses if se is not None]
    return NoiseFloor(NOISE_FLOOR_FACTOR * statistics.median(measured), n_tries) if measured else None


def _rows_by_fold(fold: Labels) -> list[Labels]:
    return [np.flatnonzero(fold == k) for k in np.unique(fold)]


def _pooled(variances: Sequence[float | None]) -> float | None:
    """Return the standard error of the mean of independent values with these variances."""
    known = [variance for variance in variances if variance is not None]
    if not known or len(known) < len(variances):
        return None
    return math.sqrt(sum(known)) / len(known)


def _spread(values: Sequence[float | None]) -> float | None:
    """Return the standard error of the mean of these values from their standard deviation."""
    measured = [value for value in values if value is not None]
    if len(measured) < max(2, len(values)):
        return None
    return statistics.stdev(measured) / math.sqrt(len(measured))
