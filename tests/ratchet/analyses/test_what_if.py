"""A run under another rule: what the journal knows is judged as the engine would, and what it does not know is said."""

import math
import time
from collections.abc import Callable

import pytest

from ratchet.analyses.what_if import Doubt, climb_text, doubt_lines, rejudge, rejudged_rows
from ratchet.core.config import Config, Direction, Metric, Rule, Source
from ratchet.core.records import Experiment, Verdict

Ratchet = Callable[..., tuple[int, str, str]]
AUC = Metric(Source("auc"), Direction.MAXIMIZE)
CONFIG = Config(name="toy", editable=("m.py",), run="r", metrics=(AUC,))


def made(n: int, verdict: Verdict, metric: float | None, **rest: object) -> Experiment:
    fields = {"metric": metric, "metrics": {"auc": metric}, "hypothesis": f"idea {n}", "code_nodes": 100, **rest}
    return Experiment(n=n, commit="c", parent="p", verdict=verdict, **fields)  # type: ignore[arg-type]


STRICT = [
    made(0, Verdict.BASELINE, 0.80),
    made(1, Verdict.KEEP, 0.81, delta=0.01, delta_se=0.03),
    made(2, Verdict.CRASH, None),
    made(3, Verdict.DISCARD, 0.805, delta=-0.005, delta_se=0.01),
    made(4, Verdict.KEEP, 0.90, delta=0.09, delta_se=0.04),
    made(5, Verdict.DISCARD, None, bound=0.86),
]


def verdicts(history: list[Experiment], rule: Rule, k: float = 1.96, config: Config = CONFIG) -> list[Verdict | None]:
    return [old.verdict for old in rejudge(history, config, rule, k)]


def test_under_its_own_rule_a_run_is_what_it_was() -> None:
    assert verdicts(STRICT, Rule.STRICT) == [old.verdict for old in STRICT]
    assert doubt_lines(rejudge(STRICT, CONFIG, Rule.STRICT, 1.0), Rule.STRICT) == []


def test_under_margin_a_small_step_is_dropped_and_later_ones_are_held_against_the_older_best() -> None:
    found = rejudge(STRICT, CONFIG, Rule.MARGIN, 1.5)
    expected = [Verdict.BASELINE, Verdict.DISCARD, Verdict.CRASH, Verdict.DISCARD, Verdict.KEEP]
    assert [old.verdict for old in found[:5]] == expected
    fourth = found[4]
    assert fourth.delta == pytest.approx(0.10)
    assert fourth.se == pytest.approx(math.hypot(0.03, 0.04))
    assert (fourth.doubt, fourth.word) == (Doubt.OTHER_BEST, "kept ~")
    assert found[1].doubt is None
    assert rejudged_rows(found, CONFIG.metric)[4][3] == "~0.0500"


def test_a_bound_above_the_other_bar_is_unknown_and_not_kept() -> None:
    found = rejudge(STRICT, CONFIG, Rule.MARGIN, 3.0)
    assert [old.verdict for old in found] == [
        Verdict.BASELINE,
        Verdict.DISCARD,
        Verdict.CRASH,
        Verdict.DISCARD,
        Verdict.DISCARD,
        None,
    ]
    assert found[5].word == "?"
    assert "? 1 of 5: stopped early, but could have beaten the best under this rule (iter 5)" in doubt_lines(
        found, Rule.MARGIN
    )
    assert "under margin the agent would have tried others" in doubt_lines(found, Rule.MARGIN)[-1]


def test_without_a_standard_error_margin_is_unknown() -> None:
    found = rejudge([STRICT[0], made(1, Verdict.KEEP, 0.9, delta=0.1)], CONFIG, Rule.MARGIN, 1.0)
    assert (found[1].verdict, found[1].doubt) == (None, Doubt.NO_SE)


@pytest.mark.parametrize(
    ("fresh", "verdict"), [(0.01, Verdict.KEEP), (0.0, Verdict.DISCARD), (-0.01, Verdict.DISCARD), (None, None)]
)
def test_confirm_knows_only_what_was_measured_on_a_fresh_partition(fresh, verdict) -> None:
    history = [STRICT[0], made(1, Verdict.KEEP, 0.9, delta=0.1, delta_se=0.01, confirm_delta=fresh)]
    assert verdicts(history, Rule.CONFIRM)[1] is verdict


def test_shorter_code_with_the_same_number_is_confirmed_by_a_tie() -> None:
    history = [STRICT[0], made(1, Verdict.KEEP, 0.8, delta=0.0, confirm_delta=0.0, code_nodes=90)]
    assert verdicts(history, Rule.CONFIRM)[1] is Verdict.KEEP


def test_strict_keeps_what_a_stricter_rule_dropped() -> None:
    history = [
        STRICT[0],
        made(1, Verdict.DISCARD, 0.82, delta=0.02, delta_se=0.03, confirm_delta=-0.1),
        made(2, Verdict.DISCARD, 0.81, delta=0.01, delta_se=0.03, confirm_delta=-0.1),
    ]
    assert verdicts(history, Rule.STRICT) == [Verdict.BASELINE, Verdict.KEEP, Verdict.DISCARD]


def test_a_number_to_make_smaller_is_judged_the_other_way_round() -> None:
    config = Config(name="t", editable=("m",), run="r", metrics=(Metric(Source("auc"), Direction.MINIMIZE),))
    history = [made(0, Verdict.BASELINE, 5.0), made(1, Verdict.KEEP, 4.0, delta=-1.0, delta_se=0.1, confirm_delta=-1.0)]
    assert verdicts(history, Rule.MARGIN, config=config)[1] is Verdict.KEEP
    assert verdicts(history, Rule.MARGIN, 20.0, config=config)[1] is Verdict.DISCARD
    assert verdicts(history, Rule.CONFIRM, config=config)[1] is Verdict.KEEP


def test_the_climbs_are_reported_side_by_side() -> None:
    assert climb_text("strict", [old.verdict for old in STRICT], STRICT, CONFIG) == (
        "strict: 2 kept; best auc=0.9000 (iter 4) (+0.1000)"
    )
    assert climb_text("x", [None], [made(0, Verdict.CRASH, None)], CONFIG) == "x: 0 kept, 1 unknown; nothing measured"


def test_ten_thousand_experiments_take_no_time() -> None:
    step = {"delta": 1e-5, "delta_se": 1e-6}
    long = [STRICT[0], *(made(n, Verdict.DISCARD, 0.5, **step) for n in range(1, 10_000))]  # type: ignore[arg-type]
    begun = time.process_time()
    assert len(rejudge(long, CONFIG, Rule.MARGIN, 1.0)) == 10_000
    assert time.process_time() - begun < 20.0  # 0.3 s on a quiet core; quadratic work takes minutes


def test_the_command_shows_both_climbs_and_writes_nothing(project, ratchet: Ratchet) -> None:
    ratchet("start", "first")
    for score in (0.6, 0.4, 0.7):
        project.edit(score, f"idea {score}")
        ratchet("step")
    before = project.read(".ratchet/first/journal.jsonl")
    status, out, _ = ratchet("results", "--rule", "margin", "--k", "2")
    assert status == 0
    assert "under margin" in out
    assert "strict, as it was: 2 kept; best score=0.7000 (iter 3) (+0.2000)" in out
    assert "margin, above 2 standard errors: 0 kept, 2 unknown; best score=0.5000 (iter 0)" in out
    assert "? 2 of 3: better, but without a standard error (iter 1, 3)" in out
    assert project.read(".ratchet/first/journal.jsonl") == before


def test_a_run_without_experiments_can_be_judged_again(project, ratchet: Ratchet) -> None:
    project.edit("1 / 0")
    project.commit("broken")
    ratchet("start", "first")
    status, out, _ = ratchet("results", "--rule", "confirm")
    assert (status, "nothing measured" in out) == (0, True)
