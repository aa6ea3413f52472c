import pytest

from harness.stats import CorrectedGain, CorrectedTest, conclude
from harness.stats.auc import Interval
from harness.stats.verdict import Word


def gain(p_not_positive):
    return CorrectedGain(
        winner=7,
        naive=0.0165,
        mean=0.0034,
        interval=Interval(-0.01, 0.02),
        p_not_positive=p_not_positive,
        n_experiments=30,
        n_bootstraps=200,
    )


def fresh(p_greater):
    return CorrectedTest(mean=0.006, se=0.0033, t=1.8, df=19, p_greater=p_greater, p_two_sided=min(1.0, 2 * p_greater))


@pytest.mark.parametrize(
    ("p_not_positive", "p_greater", "word"),
    [
        (0.05, 0.01, Word.SUPPORTED),
        (0.20, 0.01, Word.NOT_DISTINGUISHABLE),
        (0.05, 0.05, Word.NOT_DISTINGUISHABLE),
        (0.60, 0.40, Word.NOT_DISTINGUISHABLE),
    ],
)
def test_a_climb_is_supported_only_if_both_looks_say_so(p_not_positive, p_greater, word):
    assert conclude(gain(p_not_positive), fresh(p_greater)).word is word


@pytest.mark.parametrize(("corrected", "test"), [(None, fresh(0.01)), (gain(0.0), None), (None, None)])
def test_what_was_not_measured_supports_nothing(corrected, test):
    conclusion = conclude(corrected, test)
    assert conclusion.word is Word.NOT_DISTINGUISHABLE
    assert "not " in conclusion.reasons


def test_the_reasons_name_the_numbers_and_the_thresholds():
    assert conclude(gain(0.31), fresh(0.012)).reasons == (
        "corrected gain +0.0034 of +0.0165, P(gain <= 0) = 0.31 (supported below 0.20); "
        "on fresh partitions +0.0060, one-sided p = 0.012 (supported below 0.05)"
    )


def test_the_words_are_those_of_the_report():
    assert [str(word) for word in Word] == ["supported", "not distinguishable from selection noise"]


@pytest.mark.parametrize(
    ("n_stopped_early", "caveat"),
    [
        (0, ""),
        (1, "the corrected gain is an upper bound: 1 experiment was stopped early"),
        (12, "the corrected gain is an upper bound: 12 experiments were stopped early"),
    ],
)
def test_experiments_stopped_early_make_the_gain_an_upper_bound(n_stopped_early, caveat):
    text = conclude(gain(0.05), fresh(0.01), n_stopped_early=n_stopped_early).caveat
    assert text.startswith(caveat)
    assert bool(text) == bool(caveat)
