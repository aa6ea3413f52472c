"""Score predictions of a gain against the gains that were measured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from harness.stats.auc import Scores

MIN_FOR_CORRELATION = 3  # through two points a line always goes


@dataclass(frozen=True, slots=True)
class Calibration:
    """How well an author foresees: the share of right signs is `sign_hits / n`; the error is in AUC units."""

    n: int
    sign_hits: int
    mean_absolute_error: float
    correlation: float | None


def calibrate(predicted: Sequence[float | None], realised: Sequence[float | None]) -> Calibration | None:
    """Compare predicted with realised gains, experiment by experiment; None where no experiment has both.

    A prediction of no change hits where nothing changed. The correlation is Pearson's, None for fewer than three
    experiments or where either side does not vary.
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
