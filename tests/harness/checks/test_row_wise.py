"""How a change of a row's numbers is found: an outlier in the batch hides none, and rounding is none."""

from __future__ import annotations

import numpy as np
import pytest

from harness.checks.row_wise_features import differs


def column(*values: float) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    return np.array(values, dtype=float)[:, None]


@pytest.fixture
def spread() -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    return np.random.default_rng(0).normal(size=(200, 1))


@pytest.mark.parametrize("giants", [[1e12], [1e12, -1e12], [1e12, -1e12, 5e12]])
def test_a_giant_hides_no_change(spread, giants) -> None:
    for i, giant in enumerate(giants):
        spread[i::5] += giant
    assert differs(spread, spread + 0.01, 1e-6)[-1].all()
    assert differs(spread, spread + 0.01, 1e-6).mean() >= 1 - 0.2 * len(giants)


def test_rounding_is_no_change(spread) -> None:
    assert not differs(spread, spread + 1e-12, 1e-6).any()
    assert not differs(1e9 * spread, np.nextafter(1e9 * spread, 0), 1e-9).any()


def test_a_column_of_one_value_may_change_by_rounding_alone() -> None:
    zeros = column(*[0.0] * 90, *range(10))
    assert not differs(zeros, np.nextafter(zeros, np.where(zeros == 0, 0, 99)), 1e-9).any()
    assert differs(zeros, zeros + 1e-9, 1e-9).all()


def test_missing_equals_missing_and_infinity_itself_alone() -> None:
    a, b = column(np.nan, np.inf, np.inf, 1.0, np.nan), column(np.nan, np.inf, -np.inf, np.inf, 1.0)
    assert differs(a, b, 1.0).ravel().tolist() == [False, False, True, True, True]


@pytest.mark.filterwarnings("error")
def test_the_largest_numbers_are_distinguished() -> None:
    huge = column(*[1.7e308, -1.7e308] * 10)
    assert differs(huge, -huge, 1e-6).all()
    assert not differs(huge, huge, 1e-6).any()
