import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import mannwhitneyu
from sklearn.metrics import roc_auc_score

from harness.stats import auc


def probabilities(rng, n_rows, n_classes):
    raw = rng.random((n_rows, n_classes))
    return raw / raw.sum(axis=1, keepdims=True)


@settings(deadline=None)
@given(seed=st.integers(0, 2**32 - 1), n_levels=st.sampled_from([1, 2, 5, 1000]))
def test_auc_of_two_classes_is_scikit_learns_to_the_last_bit(seed, n_levels):
    rng = np.random.default_rng(seed)
    y = rng.permutation(np.r_[0, 1, rng.integers(0, 2, 40)])
    score = rng.integers(0, n_levels, len(y)) / 7
    assert auc(y, score) == roc_auc_score(y, score)


@settings(deadline=None, max_examples=settings().max_examples // 3)
@given(seed=st.integers(0, 2**32 - 1), n_classes=st.integers(3, 6))
def test_auc_of_more_classes_is_scikit_learns_macro_one_vs_rest_to_the_last_bit(seed, n_classes):
    rng = np.random.default_rng(seed)
    y = np.r_[np.arange(n_classes), rng.integers(0, n_classes, 40)]
    score = probabilities(rng, len(y), n_classes)
    assert auc(y, score) == roc_auc_score(y, score, multi_class="ovr", average="macro")


def test_auc_is_the_mann_whitney_statistic_over_the_number_of_pairs():
    rng = np.random.default_rng(0)
    positive, negative = rng.integers(0, 9, 30) + 2.0, rng.integers(0, 9, 50) + 0.0
    u = mannwhitneyu(positive, negative).statistic
    y = np.repeat([1, 0], [30, 50])
    assert np.isclose(auc(y, np.r_[positive, negative]), u / (30 * 50))


def test_auc_takes_decision_functions_whose_rows_do_not_sum_to_one():
    rng = np.random.default_rng(1)
    y = rng.integers(0, 3, 60)
    score = rng.normal(size=(60, 3)) + 2 * np.eye(3)[y]
    areas = [roc_auc_score(y == k, score[:, k]) for k in range(3)]
    assert auc(y, score) == np.mean(areas)


def test_auc_is_none_where_a_class_is_missing():
    score = np.linspace(0, 1, 6)
    assert auc(np.zeros(6, dtype=int), score) is None
    assert auc(np.ones(6, dtype=int), score) is None
    assert auc(np.array([0, 1, 0, 1, 0, 1]), np.ones((6, 3)) / 3) is None
