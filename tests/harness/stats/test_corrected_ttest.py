import numpy as np
import pytest
from scipy.stats import ttest_1samp
from sklearn.datasets import make_moons
from sklearn.model_selection import RepeatedStratifiedKFold, cross_val_score
from sklearn.svm import SVC

from harness.stats import nadeau_bengio


def test_t_and_p_are_those_published_in_scikit_learns_worked_example():
    """Its page "Statistical comparison of models using grid search": corrected t 0.750, p 0.227; uncorrected 2.611."""
    X, y = make_moons(noise=0.352, random_state=1, n_samples=100)
    folds = RepeatedStratifiedKFold(n_splits=10, n_repeats=10, random_state=0)
    rbf, linear = (
        cross_val_score(SVC(kernel=kernel, random_state=0), X, y, cv=folds, scoring="roc_auc")
        for kernel in ("rbf", "linear")
    )
    test = nadeau_bengio(rbf - linear, n_train=90, n_test=10)
    assert (round(test.t, 3), round(test.p_greater, 3), test.df) == (0.750, 0.227, 99)
    assert round(nadeau_bengio(rbf - linear, n_train=90, n_test=0).t, 3) == 2.611


def test_without_overlap_it_is_students_paired_t_test():
    differences = np.random.default_rng(0).normal(0.2, 1, size=20)
    test = nadeau_bengio(differences, n_train=1, n_test=0)
    student = ttest_1samp(differences, 0)
    assert np.isclose(test.t, student.statistic)
    assert np.isclose(test.p_two_sided, student.pvalue)
    assert np.isclose(test.p_greater, ttest_1samp(differences, 0, alternative="greater").pvalue)


def test_a_loss_is_no_gain():
    differences = -np.random.default_rng(1).normal(1, 0.1, size=20)
    test = nadeau_bengio(differences, n_train=194, n_test=48)
    assert test.p_greater > 0.999
    assert test.p_two_sided < 0.001


def test_nothing_is_found_in_nothing_as_often_as_it_says():
    """Differences that correlate by n_test/(n_train + n_test), as the paper assumes, make the statistic exactly t.

    4,000 draws: the standard error of the rate is .003. Student's test finds something seven times as often.
    """
    rng = np.random.default_rng(2)
    rho = 48 / 242
    shared, own = rng.normal(size=(4000, 1)), rng.normal(size=(4000, 20))
    draws = np.sqrt(rho) * shared + np.sqrt(1 - rho) * own
    found = np.mean([nadeau_bengio(draw, n_train=194, n_test=48).p_greater < 0.05 for draw in draws])
    naive = np.mean([nadeau_bengio(draw, n_train=194, n_test=0).p_greater < 0.05 for draw in draws])
    assert 0.04 <= found <= 0.06
    assert naive > 0.2


@pytest.mark.parametrize("differences", [[], [0.1], [0.0] * 20, [0.02] * 20])
def test_nothing_is_reported_without_two_differences_that_differ(differences):
    assert nadeau_bengio(differences, n_train=194, n_test=48) is None
