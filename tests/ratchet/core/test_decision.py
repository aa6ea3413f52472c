"""Keep or drop, in plain tables."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ratchet.core.config import Config, Constraint, Direction, Metric, Rule, Source
from ratchet.core.decision import Judgement, difference, dominates, is_better, is_too_good, judge, to_beat
from ratchet.core.records import CodeSize, Ending, Experiment, Measurement, Verdict

UP, DOWN = Direction.MAXIMIZE, Direction.MINIMIZE
AUC = Metric(Source("auc", grep="^auc:"), UP)
LATENCY = Metric(Source("latency", grep="^latency:"), DOWN)
ONE = Config(name="one", editable=("train.py",), run="run", metrics=(AUC,))
TWO = replace(ONE, metrics=(AUC, LATENCY))


def measured(auc: float | None = None, *, ending: Ending = Ending.OK, **rest: object) -> Measurement:
    numbers = {"auc": auc, **{name: value for name, value in rest.items() if name in {"latency", "memory"}}}
    others = {name: value for name, value in rest.items() if name not in numbers}
    return Measurement(ending, numbers=numbers, **others)


def past(verdict: Verdict, auc: float | None, *, n: int = 0, nodes: int = 100, **rest: float) -> Experiment:
    return Experiment(
        n=n, commit="c", parent="p", verdict=verdict, metric=auc, metrics={"auc": auc, **rest}, code_nodes=nodes
    )


BASELINE = [past(Verdict.BASELINE, 0.8)]


@pytest.mark.parametrize(
    ("auc", "verdict"),
    [(0.81, "keep"), (0.8, "discard"), (0.79, "discard"), (0.8 + 1e-12, "keep"), (None, "crash")],
)
def test_only_a_strictly_better_number_is_kept(auc: float | None, verdict: str) -> None:
    assert judge(measured(auc), BASELINE, ONE).verdict == verdict


@pytest.mark.parametrize(("auc", "verdict"), [(0.79, "keep"), (0.8, "discard"), (0.81, "discard"), (None, "crash")])
def test_smaller_is_better_where_the_direction_says_so(auc: float | None, verdict: str) -> None:
    config = replace(ONE, metrics=(replace(AUC, direction=DOWN),))
    assert judge(measured(auc), BASELINE, config).verdict == verdict


@pytest.mark.parametrize(
    ("ending", "verdict"), [(Ending.CRASH, "crash"), (Ending.TIMEOUT, "timeout"), (Ending.REJECT, "reject")]
)
def test_a_failed_measurement_is_never_kept_whatever_it_printed(ending: Ending, verdict: str) -> None:
    assert judge(measured(0.99, ending=ending, reason="why"), BASELINE, ONE) == Judgement(Verdict(verdict), "why")


def test_the_first_measurement_is_the_baseline() -> None:
    assert judge(measured(0.1), [], ONE).verdict is Verdict.BASELINE
    assert judge(measured(None), [], ONE).verdict is Verdict.CRASH


def test_after_a_failed_baseline_any_number_is_the_first() -> None:
    assert judge(measured(0.1), [past(Verdict.CRASH, None)], ONE).verdict is Verdict.KEEP


def test_the_best_is_what_was_kept_last_not_what_was_highest() -> None:
    history = [
        *BASELINE,
        past(Verdict.REJECT, 0.95, n=1),
        past(Verdict.KEEP, 0.85, n=2),
        past(Verdict.DISCARD, 0.84, n=3),
    ]
    assert judge(measured(0.86), history, ONE).verdict is Verdict.KEEP
    assert judge(measured(0.86), history, ONE).delta == pytest.approx(0.01)


def test_a_measurement_that_was_stopped_early_is_a_discard_without_a_number() -> None:
    judgement = judge(measured(None, bound=0.79), BASELINE, ONE)
    assert judgement == Judgement(Verdict.DISCARD, "stopped early")


@pytest.mark.parametrize(("nodes", "verdict"), [(99, "keep"), (100, "discard"), (101, "discard"), (0, "discard")])
@pytest.mark.parametrize("auc", [0.8, 0.8 - 9e-7])
def test_equal_and_strictly_simpler_is_kept(nodes: int, verdict: str, auc: float) -> None:
    assert judge(measured(auc), BASELINE, ONE, size=CodeSize(nodes)).verdict == verdict


@pytest.mark.parametrize(
    ("size", "reason"),
    [
        (CodeSize(99, 10), "equal, and simpler by 1 syntax-tree node"),
        (CodeSize(90, 9), "equal, and simpler by 10 syntax-tree nodes and 1 line"),
        (CodeSize(100, 8), "equal, and simpler by 2 lines"),
        (CodeSize(90, 11), ""),
        (CodeSize(101, 5), ""),
        (CodeSize(100, 10), ""),
        (CodeSize(), ""),
    ],
)
def test_simpler_is_smaller_in_one_kind_of_file_and_larger_in_none(size: CodeSize, reason: str) -> None:
    history = [replace(past(Verdict.BASELINE, 0.8), code_nodes=100, code_lines=10)]
    assert judge(measured(0.8), history, ONE, size=size).reason == reason
    before_sizes = [replace(history[0], code_nodes=0, code_lines=0)]
    assert judge(measured(0.8), before_sizes, ONE, size=size).verdict is Verdict.DISCARD


def test_simpler_does_not_make_up_for_worse() -> None:
    assert judge(measured(0.8 - 2e-6), BASELINE, ONE, size=CodeSize(1)).verdict is Verdict.DISCARD


@pytest.mark.parametrize(
    ("limits", "value", "verdict", "reason"),
    [
        ({"fail_above": 10}, 11, "reject", "memory = 11.00 is above 10"),
        ({"fail_above": 10}, 10, "keep", ""),
        ({"fail_below": 5}, 4, "reject", "memory = 4.0000 is below 5"),
        ({"fail_above": 10}, None, "reject", "memory was not measured"),
        ({"warn_above": 10}, 11, "keep", ""),
        ({"warn_above": 10}, None, "keep", ""),
    ],
)
def test_constraints(limits: dict[str, float], value: float | None, verdict: str, reason: str) -> None:
    config = replace(ONE, constraints=(Constraint(Source("memory"), **limits),))
    judgement = judge(measured(0.9, memory=value), BASELINE, config)
    assert (judgement.verdict, judgement.reason) == (verdict, reason)
    assert bool(judgement.warnings) == ("warn_above" in limits)


def test_a_baseline_that_breaks_a_constraint_is_a_baseline_with_a_warning() -> None:
    config = replace(ONE, constraints=(Constraint(Source("memory"), fail_above=10),))
    judgement = judge(measured(0.9, memory=11), [], config)
    assert judgement.verdict is Verdict.BASELINE
    assert judgement.warnings == ("memory = 11.00 is above 10",)


@pytest.mark.parametrize(
    ("auc", "latency", "verdict"),
    [
        (0.9, 10, "keep"),
        (0.8, 9, "keep"),
        (0.9, 9, "keep"),
        (0.8, 10, "discard"),
        (0.9, 11, "discard"),
        (0.7, 1, "discard"),
        (0.9, None, "crash"),
        (None, 1, "crash"),
    ],
)
def test_several_metrics_mean_dominance(auc: float | None, latency: float | None, verdict: str) -> None:
    history = [past(Verdict.BASELINE, 0.8, latency=10)]
    assert judge(measured(auc, latency=latency), history, TWO).verdict == verdict


def test_rule_front_keeps_what_no_kept_one_dominates() -> None:
    config = replace(TWO, rule=Rule.FRONT)
    history = [past(Verdict.BASELINE, 0.8, latency=10), past(Verdict.KEEP, 0.9, n=1, latency=20)]
    assert judge(measured(0.85, latency=15), history, config).verdict is Verdict.KEEP
    assert judge(measured(0.85, latency=20), history, config).verdict is Verdict.DISCARD
    assert judge(measured(0.9, latency=20), history, config).verdict is Verdict.DISCARD


@pytest.mark.parametrize(("se", "verdict"), [(0.001, "keep"), (0.02, "discard"), (None, "discard")])
def test_rule_margin_asks_for_more_than_the_noise(se: float | None, verdict: str) -> None:
    config = replace(ONE, rule=Rule.MARGIN, margin=2.0)
    assert judge(measured(0.81, delta_se=se), BASELINE, config).verdict == verdict


def test_too_good_is_a_warning_unless_the_baseline_was_as_good() -> None:
    config = replace(ONE, look_at=0.99)
    report = judge(measured(0.99), BASELINE, config)
    assert (report.verdict, len(report.warnings)) == (Verdict.KEEP, 1)
    assert judge(measured(0.989), BASELINE, config).warnings == ()
    assert judge(measured(0.999), [past(Verdict.BASELINE, 0.995)], config).warnings == ()
    assert not is_too_good({"auc": None}, BASELINE, config)
    assert len(judge(measured(0.999), [], config).warnings) == 1


def test_what_the_harness_wants_looked_at_is_kept_with_a_warning() -> None:
    report = judge(replace(measured(0.9), look="too-good: a long lead"), BASELINE, ONE)
    assert report.verdict is Verdict.KEEP
    assert report.warnings == ("too-good: a long lead: look before you believe it",)


def test_what_must_be_beaten_hangs_lower_for_shorter_code_and_nowhere_for_several_metrics() -> None:
    best_so_far = past(Verdict.BASELINE, 0.8)
    assert to_beat(best_so_far, ONE, size=best_so_far.size) == 0.8
    longer = replace(best_so_far, code_nodes=100)
    assert 0.8 - 1e-5 < to_beat(longer, ONE, size=CodeSize(99)) < 0.8 - 1e-6
    assert to_beat(None, ONE, size=CodeSize(1)) is None
    assert to_beat(best_so_far, replace(ONE, metrics=ONE.metrics * 2), size=CodeSize(1)) is None


numbers = st.one_of(st.none(), st.floats(allow_nan=False, allow_infinity=False))
directions = st.sampled_from(Direction)


@given(numbers, numbers, directions)
def test_nothing_is_better_than_itself_and_of_two_at_most_one_is_better(a, b, direction) -> None:
    assert not is_better(a, a, direction) or a is None
    if a is not None and b is not None:
        assert is_better(a, b, direction) + is_better(b, a, direction) == (a != b)


@given(numbers, directions)
def test_none_is_never_better(a, direction) -> None:
    assert is_better(None, a, direction) is False


@given(numbers, numbers, numbers, numbers)
def test_of_two_at_most_one_dominates(a, b, c, d) -> None:
    first, second = {"auc": a, "latency": b}, {"auc": c, "latency": d}
    assert not (dominates(first, second, TWO.metrics) and dominates(second, first, TWO.metrics))


@given(numbers, numbers)
def test_what_is_kept_is_strictly_better_and_nothing_else_is(auc, base) -> None:
    history = [past(Verdict.BASELINE if base is not None else Verdict.CRASH, base)]
    verdict = judge(measured(auc), history, ONE).verdict
    assert (verdict is Verdict.KEEP) == (auc is not None and (base is None or auc > base))


def test_a_difference_needs_both_numbers() -> None:
    assert difference({"auc": None}, BASELINE[0], AUC) is None
    assert difference({"auc": 0.9}, None, AUC) is None
