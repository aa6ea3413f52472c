import math
import tracemalloc

import numpy as np
import pytest
from scipy.special import ndtri
from scipy.stats import binomtest

from harness.stats.auc import auc, delong_interval, delong_variance, paired_variance

# The worked example of DeLong et al. (1988): 43 patients with ovarian cancer and complete records: albumin, total
# protein, K-G score (lower is better, so 10 minus it is used), and whether surgery did not help (1) or did (0).
PATIENTS = """
3.0 5.8 10 0  3.2 6.3 5 1  3.9 6.8 3 1  2.8 4.8 6 0  3.2 5.8 3 1  0.9 4.0 5 0  2.5 5.7 8 0  1.6 5.6 5 1  3.8 5.7 5 1
3.7 6.7 6 1  3.2 5.4 4 1  3.8 6.6 6 1  4.1 6.6 5 1  3.6 5.7 5 1  4.3 7.0 4 1  3.6 6.7 4 0  2.3 4.4 6 1  4.2 7.6 4 0
4.0 6.6 6 0  3.5 5.8 6 1  3.8 6.8 7 1  3.0 4.7 8 0  4.5 7.4 5 1  3.7 7.4 5 1  3.1 6.6 6 1  4.1 8.2 6 1  4.3 7.0 5 1
4.3 6.5 4 1  3.2 5.1 5 1  2.6 4.7 6 1  3.3 6.8 6 0  1.7 4.0 7 0  3.7 6.1 5 1  3.3 6.3 7 1  4.2 7.7 6 1  3.5 6.2 5 1
2.9 5.7 9 0  2.1 4.8 7 1  2.8 6.2 8 0  4.0 7.0 7 1  3.3 5.7 6 1  3.7 6.9 5 1  3.6 6.6 5 1
"""


@pytest.fixture
def patients():
    albumin, protein, kg, y = np.array(PATIENTS.split(), dtype=float).reshape(-1, 4).T
    return y.astype(int), {"albumin": albumin, "protein": protein, "kg": 10 - kg}


def two_classes(rng, *, n_positive, n_negative, true_auc, n_levels=None):
    """Draw binormal scores; cut into levels they have ties."""
    y = np.repeat([1, 0], [n_positive, n_negative])
    score = rng.normal(size=len(y)) + math.sqrt(2) * ndtri(true_auc) * y
    return y, score if n_levels is None else np.round(score * n_levels)


def brute_covariance(y, a, b):
    """Follow the paper's definitions pair by pair: the covariance matrix S10/m + S01/n of two areas."""
    v10, v01 = [], []
    for score in (a, b):
        positive, negative = score[y == 1], score[y == 0]
        psi = np.array([[1.0 if p > q else 0.5 if p == q else 0.0 for q in negative] for p in positive])
        v10.append(psi.mean(axis=1))
        v01.append(psi.mean(axis=0))
    return np.cov(v10) / (y == 1).sum() + np.cov(v01) / (y == 0).sum()


@pytest.mark.parametrize(
    ("test", "area", "se"), [("albumin", 0.7366, 0.0927), ("kg", 0.7258, 0.1028), ("protein", 0.6478, 0.1000)]
)
def test_variance_is_the_published_one_of_delongs_patients(patients, test, area, se):
    y, tests = patients
    assert round(auc(y, tests[test]), 4) == area
    assert round(math.sqrt(delong_variance(y, tests[test])), 4) == se


@pytest.mark.parametrize(("test", "difference", "se"), [("protein", -0.0780, 0.1046), ("albumin", 0.0108, 0.0953)])
def test_paired_se_is_the_published_one_of_delongs_patients(patients, test, difference, se):
    y, tests = patients
    assert round(auc(y, tests[test]) - auc(y, tests["kg"]), 4) == difference
    assert round(math.sqrt(paired_variance(y, tests["kg"], tests[test])), 4) == se


@pytest.mark.parametrize("n_levels", [None, 1, 3])
def test_variances_are_those_of_the_papers_definition_computed_pair_by_pair(n_levels):
    rng = np.random.default_rng(0)
    y, a = two_classes(rng, n_positive=14, n_negative=33, true_auc=0.8, n_levels=n_levels)
    b = np.round(a + rng.normal(size=len(a)), 1)
    covariance = brute_covariance(y, a, b)
    assert np.isclose(delong_variance(y, a), covariance[0, 0], rtol=1e-12)
    assert np.isclose(paired_variance(y, a, b), np.array([-1, 1]) @ covariance @ np.array([-1, 1]), rtol=1e-12)


def test_two_classes_as_two_columns_have_the_variance_of_one():
    rng = np.random.default_rng(1)
    y, score = two_classes(rng, n_positive=20, n_negative=50, true_auc=0.8)
    assert np.isclose(delong_variance(y, np.c_[-score, score]), delong_variance(y, score), rtol=1e-12)


def macro_aucs(y, samples):
    """Return the macro AUC of each sample of shape (n_rows, K), pair by pair."""
    areas = []
    for k in range(samples.shape[2]):
        of_class, rest = samples[:, y == k, k], samples[:, y != k, k]
        areas.append((of_class[:, :, None] > rest[:, None, :]).mean(axis=(1, 2)))
    return np.mean(areas, axis=0)


@pytest.mark.parametrize("sizes", [pytest.param((50, 50, 50), marks=pytest.mark.slow), (100, 40, 10)])
def test_se_of_three_classes_is_the_spread_of_the_macro_auc_over_many_samples(sizes):
    """With 1,500 samples the SD has a standard error of 1.8 %; the mean estimate may differ by 6 %."""
    rng = np.random.default_rng(2)
    y = np.repeat([0, 1, 2], sizes)
    samples = rng.normal(size=(1500, len(y), 3)) + 1.2 * np.eye(3)[y]
    estimate = np.sqrt(np.mean([delong_variance(y, score) for score in samples]))
    assert np.isclose(estimate, np.std(macro_aucs(y, samples)), rtol=0.06)


def test_paired_se_of_three_classes_is_the_spread_of_the_difference_over_many_samples():
    rng = np.random.default_rng(3)
    y = np.repeat([0, 1, 2], [60, 50, 30])
    a = rng.normal(size=(1500, len(y), 3)) + 1.2 * np.eye(3)[y]
    b = a + 0.5 * rng.normal(size=a.shape)
    estimate = np.sqrt(np.mean([paired_variance(y, *pair) for pair in zip(a, b, strict=True)]))
    assert np.isclose(estimate, np.std(macro_aucs(y, b) - macro_aucs(y, a)), rtol=0.06)


def test_paired_se_of_scores_that_rank_alike_is_exactly_zero():
    y, score = two_classes(np.random.default_rng(4), n_positive=20, n_negative=30, true_auc=0.8)
    assert paired_variance(y, score, np.exp(3 * score)) == 0.0


@pytest.mark.parametrize("true_auc", [0.9, *(pytest.param(area, marks=pytest.mark.slow) for area in (0.6, 0.95))])
def test_interval_covers_as_often_as_it_says_with_28_positives_in_61_rows(true_auc):
    """As many as the held-out rows of the heart table. 600 samples: the standard error of the coverage is .009."""
    rng = np.random.default_rng(5)
    n_covered = 0
    for _ in range(600):
        interval = delong_interval(*two_classes(rng, n_positive=28, n_negative=33, true_auc=true_auc))
        n_covered += interval.low <= true_auc <= interval.high
    assert 0.925 <= n_covered / 600 <= 0.98


@pytest.mark.slow
def test_interval_still_covers_where_most_samples_are_perfect():
    rng = np.random.default_rng(6)
    intervals = [delong_interval(*two_classes(rng, n_positive=5, n_negative=20, true_auc=0.98)) for _ in range(600)]
    assert sum(interval.high == 1.0 for interval in intervals) > 180
    assert sum(interval.low <= 0.98 <= interval.high for interval in intervals) >= 570


@pytest.mark.parametrize("level", [0.8, 0.95])
def test_interval_of_a_perfect_score_is_clopper_and_pearsons_of_disjoint_pairs(level):
    y = np.repeat([0, 1], [40, 12])
    score = np.arange(52.0)
    exact = binomtest(12, 12).proportion_ci(level, method="exact")
    interval = delong_interval(y, score, level=level)
    assert np.isclose(interval.low, exact.low)
    assert interval.high == 1.0
    assert delong_interval(y, -score, level=level).low == 0.0
    assert np.isclose(delong_interval(y, -score, level=level).high, 1 - exact.low)


def test_interval_of_a_perfect_score_of_three_classes_knows_the_smallest_class():
    y = np.repeat([0, 1, 2], [40, 30, 5])
    assert np.isclose(delong_interval(y, np.eye(3)[y]).low, 0.025 ** (1 / 5))


def test_interval_of_the_reversed_score_is_mirrored():
    y, score = two_classes(np.random.default_rng(7), n_positive=20, n_negative=30, true_auc=0.8)
    interval, mirrored = delong_interval(y, score), delong_interval(y, -score)
    assert np.isclose(interval.low, 1 - mirrored.high)
    assert np.isclose(interval.high, 1 - mirrored.low)


def test_interval_is_wider_at_a_higher_level():
    y, score = two_classes(np.random.default_rng(8), n_positive=20, n_negative=30, true_auc=0.8)
    usual, strict = delong_interval(y, score), delong_interval(y, score, level=0.99)
    assert strict.low < usual.low < auc(y, score) < usual.high < strict.high


def test_a_constant_score_is_known_to_be_worth_nothing():
    y = np.repeat([0, 1], 10)
    assert delong_variance(y, np.zeros(20)) == 0.0
    assert delong_interval(y, np.zeros(20)).low == delong_interval(y, np.zeros(20)).high == 0.5


@pytest.mark.parametrize("y", [[0, 0, 0, 1], [1, 1, 1, 0], [0, 0, 0, 0]])
def test_nothing_is_reported_of_a_class_with_fewer_than_two_rows(y):
    y, score = np.array(y), np.arange(4.0)
    assert delong_variance(y, score) is None
    assert delong_interval(y, score) is None
    assert paired_variance(y, score, -score) is None


def test_200_000_rows_need_no_table_of_pairs():
    y, score = two_classes(np.random.default_rng(9), n_positive=50_000, n_negative=150_000, true_auc=0.9)
    tracemalloc.start()
    interval = delong_interval(y, score)
    peak_mb = tracemalloc.get_traced_memory()[1] / 2**20
    tracemalloc.stop()
    assert interval.low < 0.9 < interval.high
    assert interval.high - interval.low < 0.005
    assert peak_mb < 100  # the pairs would take 57,000
