import numpy as np
import pytest
from scipy.stats import pearsonr

from harness.stats import calibrate


def test_a_worked_example():
    calibration = calibrate([0.003, -0.001, 0.010, 0.000], [0.001, 0.002, 0.004, 0.000])
    assert calibration.n == 4
    assert calibration.sign_hits == 3
    assert np.isclose(calibration.mean_absolute_error, (0.002 + 0.003 + 0.006 + 0.0) / 4)


def test_correlation_is_pearsons():
    rng = np.random.default_rng(0)
    predicted = rng.normal(size=30)
    realised = predicted + rng.normal(size=30)
    assert np.isclose(calibrate(predicted, realised).correlation, pearsonr(predicted, realised).statistic)


def test_experiments_without_a_prediction_or_a_result_are_left_out():
    assert calibrate([0.003, None, 0.001], [0.001, 0.002, None]) == calibrate([0.003], [0.001])
    assert calibrate([None], [0.1]) is None
    assert calibrate([], []) is None


@pytest.mark.parametrize(
    ("predicted", "realised"),
    [([0.1, 0.2], [0.1, 0.3]), ([0.1, 0.1, 0.1], [0.1, 0.2, 0.3]), ([0.1, 0.2, 0.3], [0.0, 0.0, 0.0])],
)
def test_no_correlation_is_given_that_means_nothing(predicted, realised):
    assert calibrate(predicted, realised).correlation is None
