"""What counts as a leap of a row that was moved by less than its unit."""

from __future__ import annotations

import numpy as np

from harness.checks import jumps
from harness.checks.jumps import Leaps


def test_a_table_of_two_scores_leaps() -> None:
    y = np.arange(40) % 2
    scores = np.where(y == 1, 0.7, 0.2)
    moved = np.full((40, 3), 0.2)
    assert jumps.count(y, scores, moved) == Leaps(closer=20, farther=0)


def test_scores_that_stay_do_not_leap() -> None:
    y, scores = np.arange(40) % 2, np.linspace(0, 1, 40)
    assert jumps.count(y, scores, np.repeat(scores[:, None], 3, axis=1)) == Leaps(0, 0)


def test_no_stretching_of_the_scores_hides_a_leap() -> None:
    rng = np.random.default_rng(0)
    y, moved = np.arange(60) % 2, rng.normal(size=(60, 1)) + np.zeros((1, 3))
    scores = moved[:, 0] + 2.0 * y
    assert jumps.count(y, scores, moved) == jumps.count(y, np.exp(5 * scores), np.exp(5 * moved))
