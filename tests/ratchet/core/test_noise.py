"""The noise floor stands under every table, and a kept gain below it is marked."""

import pytest

from ratchet.core.config import Config, Direction, Metric, Source
from ratchet.core.noise import BELOW, count_tries, is_below, noise_floor, noise_line
from ratchet.core.records import Experiment, Verdict
from ratchet.core.table import closing_lines, screen_columns, screen_rows
from ratchet.views.charts import bars

CONFIG = Config(name="t", editable=("m",), run="r", metrics=(Metric(Source("auc"), Direction.MAXIMIZE),))


def made(n: int, verdict: Verdict, metric: float | None, **rest: object) -> Experiment:
    fields = {"metric": metric, "metrics": {"auc": metric}, **rest}
    return Experiment(n=n, commit="c", parent="p", verdict=verdict, **fields)  # type: ignore[arg-type]


RUN = [
    made(0, Verdict.BASELINE, 0.80),
    made(1, Verdict.KEEP, 0.81, delta=0.01, delta_se=0.01, folds_won=4, stdout="cv_folds: 5\n"),
    made(2, Verdict.CRASH, None),
    made(3, Verdict.DISCARD, None, bound=0.7),
    made(4, Verdict.KEEP, 0.85, delta=0.04, delta_se=0.02, folds_won=3),
    made(5, Verdict.DISCARD, 0.80, delta=-0.05, delta_se=0.01),
]


def test_the_floor_is_the_rule_of_the_harness() -> None:
    from harness.stats import noise_floor as measured

    ses = [old.delta_se for old in RUN]
    theirs = measured(ses, 5)
    assert theirs is not None
    assert noise_floor(RUN) == pytest.approx(theirs.value) == pytest.approx(0.016)


def test_the_line_says_tries_floor_whole_gain_and_what_is_below() -> None:
    assert noise_line(RUN, CONFIG) == (
        "4 tries so far; noise floor 0.0160 (1.6 × the median paired SE, as measured at about 50 tries); "
        "the whole gain +0.0500 is above it, which proves nothing yet; ≈ a kept gain below it: iter 1"
    )
    assert count_tries(RUN) == 4


def test_a_smaller_number_can_be_the_gain() -> None:
    config = Config(name="t", editable=("m",), run="r", metrics=(Metric(Source("auc"), Direction.MINIMIZE),))
    run = [RUN[0], made(1, Verdict.KEEP, 0.7, delta=-0.1, delta_se=0.01)]
    assert "the whole gain -0.1000 is above it, which proves nothing yet" in noise_line(run, config)


@pytest.mark.parametrize("history", [[], RUN[:1], [RUN[0], made(1, Verdict.KEEP, 0.9, delta=0.1)]])
def test_without_a_standard_error_nothing_is_reported(history: list[Experiment]) -> None:
    assert noise_line(history, CONFIG) == ""
    assert not any(is_below(old, noise_floor(history)) for old in history)
    assert len(closing_lines(history, CONFIG)) == 1


def test_every_table_marks_the_gains_below_the_floor_and_shows_the_folds() -> None:
    rows = screen_rows(RUN, RUN, CONFIG)
    columns = screen_columns(CONFIG)
    assert [row[columns.index("Δ")] for row in rows] == ["", "≈ +0.0100", "", "", "+0.0400", "-0.0500"]
    assert [row[columns.index("folds won")] for row in rows] == ["", "4/5", "", "", "3", ""]
    drawn = bars(RUN, CONFIG, width=20).splitlines()
    assert [line.endswith(BELOW) or f"{BELOW} *" in line for line in drawn[1:7]] == [False, True, *[False] * 4]
    assert drawn[-1] == noise_line(RUN, CONFIG)
