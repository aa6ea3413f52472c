"""What counts as a jump of a score when its row is moved by less than its unit."""

from __future__ import annotations

import numpy as np
import pytest

from harness.checks import jumps
from harness.checks.jumps import Jumps


def test_a_table_of_two_scores_jumps() -> None:
    y = np.arange(40) % 2
    scores = np.where(y == 1, 0.7, 0.2)
    moved = np.full((40, 3), 0.2)
    assert jumps.count(y, scores, moved) == Jumps(closer=20, farther=0)


def test_scores_that_stay_do_not_jump() -> None:
    y, scores = np.arange(40) % 2, np.linspace(0, 1, 40)
    assert jumps.count(y, scores, np.repeat(scores[:, None], 3, axis=1)) == Jumps(0, 0)


def test_no_stretching_of_the_scores_hides_a_jump() -> None:
    rng = np.random.default_rng(0)
    y, moved = np.arange(60) % 2, rng.normal(size=(60, 1)) + np.zeros((1, 3))
    scores = moved[:, 0] + 2.0 * y
    assert jumps.count(y, scores, moved) == jumps.count(y, np.exp(5 * scores), np.exp(5 * moved))


def test_a_row_jumps_from_its_copies_and_a_copy_from_the_others() -> None:
    rng = np.random.default_rng(0)
    y, middle = np.arange(60) % 2, rng.normal(size=60)
    moved, scores = np.repeat(middle[:, None], 3, axis=1), middle.copy()
    scores[0] -= 9.0  # label 0: towards it
    scores[2] += 9.0  # away from it
    moved[3, 1] += 9.0  # label 1: a copy, towards it
    found = jumps.sizes(y, scores, moved)
    assert found[0, 0] > 0.2
    assert found[2, 0] < -0.2
    assert found[3, 2] > 0.2
    assert (found != 0).sum() == 3


def test_that_rows_jump_rather_than_their_copies_becomes_unlikely() -> None:
    assert jumps.chance_of_own(0, 5, 0.25) == 1.0
    assert jumps.chance_of_own(5, 5, 0.25) == pytest.approx(0.25**5)
