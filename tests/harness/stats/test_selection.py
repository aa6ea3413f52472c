import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from harness.stats import auc, bbc
from harness.stats.selection import bagged_gains, draw_bags


def table(rng, *, n_positive=66, n_negative=176, n_folds=5):
    y = np.repeat([1, 0], [n_positive, n_negative])
    fold = np.r_[rng.permutation(n_positive), rng.permutation(n_negative)] % n_folds
    return y, fold


def val_auc(y, fold, score):
    """Return the mean over the folds of the macro AUC; a missing class or fold is left out."""
    areas = []
    for k in np.unique(fold):
        rows = fold == k
        for label, column in [(1, score)] if score.ndim == 1 else enumerate(score.T):
            if 0 < (y[rows] == label).sum() < rows.sum():
                areas.append(roc_auc_score(y[rows] == label, column[rows]))
    return np.mean(areas) if areas else np.nan


def brute_gains(y, fold, scores, bags):
    """Follow algorithm 5 literally: repeat the drawn rows, select the best, score it on the rows left out."""
    gains = []
    for bag in bags.T:
        drawn, left = np.repeat(np.arange(len(y)), bag), np.flatnonzero(bag == 0)
        in_bag = [val_auc(y[drawn], fold[drawn], score[drawn]) for score in scores]
        out = [val_auc(y[left], fold[left], scores[i][left]) for i in (int(np.argmax(in_bag)), 0)]
        gains.append(out[0] - out[1])
    return gains


@pytest.mark.parametrize(("n_positive", "n_boot"), [(40, 8), (8, 25)])
def test_gains_are_those_of_repeating_and_leaving_out_rows(n_positive, n_boot):
    """With eight positives in four folds, a bag now and then leaves none of a fold out."""
    rng = np.random.default_rng(0)
    y, fold = table(rng, n_positive=n_positive, n_negative=80, n_folds=4)
    scores = np.round(rng.normal(size=(4, len(y))) + y, 1)  # with ties
    bags = draw_bags(y, fold, rng=rng, n_boot=n_boot)
    assert np.allclose(bagged_gains(y, fold, scores, bags), brute_gains(y, fold, scores, bags), equal_nan=True)


def test_gains_of_three_classes_are_those_of_repeating_and_leaving_out_rows():
    rng = np.random.default_rng(1)
    y, fold = np.repeat([0, 1, 2], [40, 30, 12]), np.arange(82) % 3
    scores = rng.normal(size=(4, len(y), 3)) + np.eye(3)[y]
    bags = draw_bags(y, fold, rng=rng, n_boot=6)
    assert np.allclose(bagged_gains(y, fold, scores, bags), brute_gains(y, fold, scores, bags))


def test_a_bag_has_as_many_rows_of_each_class_of_each_fold_as_there_are():
    rng = np.random.default_rng(2)
    y, fold = table(rng)
    bags = draw_bags(y, fold, rng=rng, n_boot=300)
    for k in range(5):
        for label in (0, 1):
            rows = (fold == k) & (y == label)
            assert (bags[rows].sum(axis=0) == rows.sum()).all()
    left_out = (bags == 0).mean()
    assert np.isclose(left_out, np.exp(-1), atol=0.02)


def test_the_naive_gain_and_the_winner_are_those_of_val_auc():
    rng = np.random.default_rng(3)
    y, fold = table(rng)
    scores = rng.normal(size=(20, len(y))) + y
    areas = [np.mean([auc(y[fold == k], score[fold == k]) for k in range(5)]) for score in scores]
    gain = bbc(y, fold, scores, rng=rng, n_boot=5)
    assert gain.winner == np.argmax(areas)
    assert np.isclose(gain.naive, max(areas) - areas[0])
    assert (gain.n_experiments, gain.n_bootstraps) == (20, 5)


def test_the_best_of_fifty_equals_is_seen_to_have_gained_nothing():
    """Each draw is a table and 50 experiments as good as the baseline; the spread of the mean over them is .0025."""
    rng = np.random.default_rng(4)
    gains = []
    for _ in range(40):
        y, fold = table(rng)
        shared = rng.normal(size=len(y)) + 1.6 * y
        gains.append(bbc(y, fold, shared + 0.5 * rng.normal(size=(51, len(y))), rng=rng, n_boot=60))
    assert np.mean([gain.naive for gain in gains]) > 0.02
    assert abs(np.mean([gain.mean for gain in gains])) < 0.01
    assert np.mean([gain.interval.low <= 0 <= gain.interval.high for gain in gains]) >= 0.9
    assert np.mean([gain.p_not_positive < 0.2 for gain in gains]) <= 0.2


def test_a_real_gain_is_kept():
    """One of 50 is truly better: AUC .921 against .871 for signals of 2.0 and 1.6 standard deviations."""
    rng = np.random.default_rng(5)
    gains = []
    for _ in range(20):
        y, fold = table(rng)
        noise = rng.normal(size=len(y)) + 0.3 * rng.normal(size=(51, len(y)))
        signal = np.full((51, 1), 1.6 * np.sqrt(1.09))
        signal[-1] = 2.0 * np.sqrt(1.09)
        gains.append(bbc(y, fold, noise + signal * y, rng=rng, n_boot=60))
    assert np.isclose(np.mean([gain.mean for gain in gains]), 0.9214 - 0.8711, atol=0.012)
    assert np.mean([gain.p_not_positive < 0.2 for gain in gains]) >= 0.9
    assert np.mean([gain.interval.low <= 0.9214 - 0.8711 <= gain.interval.high for gain in gains]) >= 0.8


@pytest.mark.slow
def test_the_interval_is_as_wide_as_the_gain_of_one_experiment_varies_over_tables():
    """With one rival that is nearly always ahead nothing is selected: the interval is 1.96 spreads to each side."""
    rng = np.random.default_rng(11)
    gains = []
    for _ in range(200):
        y, fold = table(rng)
        baseline = rng.normal(size=len(y)) + y
        rival = baseline + 0.5 * rng.normal(size=len(y)) + 1.5 * y
        gains.append(bbc(y, fold, np.array([baseline, rival]), rng=rng, n_boot=60))
    reach = np.mean([(gain.interval.high - gain.interval.low) / 2 for gain in gains])
    assert np.isclose(reach, 1.96 * np.std([gain.mean for gain in gains]), rtol=0.2)


def test_the_same_seed_gives_the_same_gain():
    rng = np.random.default_rng(6)
    y, fold = table(rng)
    scores = rng.normal(size=(5, len(y)))
    first, second = (bbc(y, fold, scores, rng=np.random.default_rng(7), n_boot=20) for _ in range(2))
    assert first == second


def test_a_baseline_alone_has_gained_nothing():
    rng = np.random.default_rng(8)
    y, fold = table(rng)
    gain = bbc(y, fold, rng.normal(size=(1, len(y))), rng=rng, n_boot=20)
    assert (gain.winner, gain.naive, gain.mean, gain.p_not_positive) == (0, 0.0, 0.0, 1.0)


def test_an_experiment_that_ranks_as_the_baseline_does_is_not_better():
    rng = np.random.default_rng(9)
    y, fold = table(rng)
    baseline = rng.normal(size=len(y))
    gain = bbc(y, fold, np.array([baseline, np.exp(baseline), 3 * baseline]), rng=rng, n_boot=20)
    assert (gain.winner, gain.naive, gain.p_not_positive) == (0, 0.0, 1.0)


def test_nothing_is_reported_where_no_bag_can_leave_a_positive_out():
    y, fold = np.array([1, 0, 0, 0, 1, 0, 0, 0]), np.repeat([0, 1], 4)
    rng = np.random.default_rng(10)
    assert bbc(y, fold, rng.normal(size=(3, 8)), rng=rng, n_boot=20) is None
