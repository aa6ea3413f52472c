"""Give an AUC, and the difference of two AUCs on the same rows, a standard error.

Source: DeLong, DeLong and Clarke-Pearson (1988), Biometrics 44:837-845. The AUC is a mean over pairs of rows; what one
row adds to it is its structural component (V10 of a positive row, V01 of a negative one), and the variance of the AUC
is S10/m + S01/n, the variances of the components over their m and n rows. Computed by ranks in O(n log n), as Sun and
Xu (2014), IEEE Signal Processing Letters 21:1389-1393, showed.

More than two classes: the macro AUC is a mean of K such areas, so a row's component is the sum of what it adds to each
of them, and the variance is the sum over the classes of n_k times the variance of the components within class k. Of
two classes that is DeLong's formula. The reasoning (a first-order projection over samples of fixed size) is DeLong's
own for several curves; the step to several classes is ours, and its test is a simulation.

Covered: the sampling of the rows that are scored. Not covered: the sampling of the rows that were learned from.
"""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np

from harness.stats.auc import Interval, Labels, Scores, auc, count_classes, one_vs_rest


def delong_variance(y: Labels, score: Scores) -> float | None:
    """Return the variance of `auc(y, score)`; None where a class has fewer than two rows.

    It is 0.0 where the classes are told apart without an error: `delong_interval` says what is known even then.

    Source: DeLong et al. (1988), S10/m + S01/n for a single curve.
    """
    return components_variance(y, components(y, score), count_classes(score))


def paired_variance(y: Labels, a: Scores, b: Scores) -> float | None:
    """Return the variance of `auc(y, b) - auc(y, a)`, both measured on these rows; None as in `delong_variance`.

    Source: DeLong et al. (1988), L S L' with the contrast L = (-1, 1). That is the variance of one curve whose
    components are the differences of the two, which is how it is computed.
    """
    return components_variance(y, components(y, b) - components(y, a), count_classes(a))


def paired_se(y: Labels, a: Scores, b: Scores) -> float | None:
    """Return the standard error of `auc(y, b) - auc(y, a)`; exactly 0.0 where both rank the rows alike."""
    variance = paired_variance(y, a, b)
    return None if variance is None else math.sqrt(variance)


def delong_interval(y: Labels, score: Scores, *, level: float = 0.95) -> Interval | None:
    """Return where the true AUC lies, symmetric on the logit scale; None as in `delong_variance`.

    On the plain scale the interval leaves [0, 1] and covers too little near 1: .89 of the time at an AUC of .9 with 17
    positives in 61 rows, where the logit one covers .94 (4,000 simulated tests). With ten rows in the smaller class
    the logit one still covers only .86 to .94.

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
    """Bound an AUC of which no error was seen, where DeLong's variance is 0 and the logit infinite.

    Take each row of the smaller class with a partner of its own: these pairs are independent, each is in the right
    order with the chance AUC, so all are with AUC ** n_pairs. Source: Clopper and Pearson (1934), with no failure.
    """
    bound = tail ** (1 / n_pairs)
    return Interval(bound, 1.0) if area == 1.0 else Interval(0.0, 1 - bound)


def _disjoint_pairs(y: Labels, score: Scores) -> int:
    """Return the fewest that any question has: a mean is perfect only if each of its areas is."""
    return min(int(min(is_class.sum(), (~is_class).sum())) for is_class, _ in one_vs_rest(y, score))


def components(y: Labels, score: Scores) -> Scores:
    """Return what each row adds to the AUC, in AUC units; NaN or 0 where a side of a question is empty."""
    questions = one_vs_rest(y, score)
    total = np.zeros(len(y))
    for is_class, column in questions:
        positive, negative = column[is_class], column[~is_class]
        if len(positive) and len(negative):
            total[is_class] += _share_below(positive, negative) / len(positive)
            total[~is_class] += (1 - _share_below(negative, positive)) / len(negative)
    return total / len(questions)


def _share_below(values: Scores, others: Scores) -> Scores:
    """Return for each value the share of the others below it, ties counted half."""
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
