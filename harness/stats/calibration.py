"""Compare predicted gains with measured ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from harness.stats.auc import Scores

MIN_FOR_CORRELATION = 3  # two points are always perfectly correlated


@dataclass(frozen=True, slots=True)
class Calibration:
    """The accuracy of n predictions: `sign_hits` of them have the right sign; the error is in AUC units."""

    n: int
    sign_hits: int
    mean_absolute_error: float
    correlation: float | None


def calibrate(predicted: Sequence[float | None], realised: Sequence[float | None]) -> Calibration | None:
    """Compare predicted with realised gains, experiment by experiment; None if no experiment has both.

    A predicted gain of 0 is right if the realised gain is 0. The correlation is Pearson's, None for fewer than three
    experiments or a constant side.
    """
    pairs = [
        (expected, seen)
        for expected, seen in zip(predicted, realised, strict=True)
        if expected is not None and seen is not None
    ]
    if not pairs:
        return None
    expected, seen = np.array(pairs, dtype=np.float64).T
    return Calibration(
        n=len(pairs),
        sign_hits=int((np.sign(expected) == np.sign(seen)).sum()),
        mean_absolute_error=float(np.abs(expected - seen).mean()),
        correlation=_correlation(expected, seen),
    )


def _correlation(a: Scores, b: Scores) -> float | None:
    if len(a) < MIN_FOR_CORRELATION or np.ptp(a) == 0.0 or np.ptp(b) == 0.0:
        return None
    return float(np.corrcoef(a, b)[0, 1])
