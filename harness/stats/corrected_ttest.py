"""The corrected resampled t-test of a mean difference over resampled train/test splits."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtr


@dataclass(frozen=True, slots=True)
class CorrectedTest:
    """The result of the test; `p_greater` is one-sided, for a mean above 0."""

    mean: float
    se: float
    t: float
    df: int
    p_greater: float
    p_two_sided: float


def nadeau_bengio(differences: Sequence[float], *, n_train: int, n_test: int) -> CorrectedTest | None:
    """Test a winner against the baseline over the folds of several fresh partitions.

    An uncorrected t-test assumes independent differences, but the training sets overlap; its false positive rate is
    several times the nominal one. None for fewer than two differences, or if all are equal.
    `differences` is winner minus baseline, in AUC units, for each fold of each partition, and `n_train` and `n_test`
    are the rows that each fold fits on and scores.

    Source: Nadeau and Bengio (2003), Machine Learning 52:239-281, the corrected resampled t-test: the variance of the
    mean of J differences is (1/J + n_test/n_train) S², with J - 1 degrees of freedom. For repeated cross-validation:
    Bouckaert and Frank (2004), PAKDD, LNCS 3056:3-12.
    """
    values = np.asarray(differences, dtype=np.float64)
    if len(values) < 2 or np.ptp(values) == 0.0:
        return None
    df = len(values) - 1
    mean = float(values.mean())
    se = math.sqrt((1 / len(values) + n_test / n_train) * float(values.var(ddof=1)))
    t = mean / se
    return CorrectedTest(
        mean=mean, se=se, t=t, df=df, p_greater=float(stdtr(df, -t)), p_two_sided=2 * float(stdtr(df, -abs(t)))
    )
