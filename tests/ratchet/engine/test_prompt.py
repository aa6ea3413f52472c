"""The prompt of one iteration: all that helps, and never the audit number."""

from dataclasses import replace

import pytest

from ratchet.core.config import Bandit, Config, Constraint, Direction, Metric, Rule, Source
from ratchet.core.records import Experiment, Simplicity, Verdict
from ratchet.engine.agents import PRESETS, Agent, _with_web
from ratchet.engine.prompt import hints, program_text, write_prompt

CONFIG = Config(
    name="toy",
    editable=("model.py",),
    run="run",
    metrics=(Metric(Source("score"), Direction.MAXIMIZE),),
    constraints=(Constraint(Source("memory"), fail_above=100, warn_above=80),),
    audit=(Source("test_score"),),
    checks=("pytest -q",),
    label="HYPOTHESIS",
    context="Numbers are in metres.",
)


def experiment(n: int, verdict: Verdict, metric: float | None = None, **rest: object) -> Experiment:
    numbers = {"score": metric, "test_score": 0.123456}
    made = {"hypothesis": f"idea {n}", "metric": metric, "metrics": numbers, "stdout": "test_score: 0.123456", **rest}
    return Experiment(n=n, commit="c", parent="p", verdict=verdict, **made)


HISTORY = [
    experiment(0, Verdict.BASELINE, 0.5),
    experiment(1, Verdict.KEEP, 0.6, delta=0.1, delta_se=0.01),
    experiment(2, Verdict.KEEP, 0.62, delta=0.02, strategy="features"),
    experiment(3, Verdict.CRASH, reason="ValueError: x"),
    experiment(4, Verdict.DISCARD, 0.55, delta=-0.07),
]


def test_it_holds_task_domain_code_history_last_attempt_hints_and_limits() -> None:
    text = write_prompt(CONFIG, HISTORY, {"model.py": "SCORE = 1"}, "features", "-old\n+new\n")
    for part in (
        "Goal: maximize score. The best so far is 0.6200 (iter 2).",
        "Edit only: model.py.",
        "Numbers are in metres.",
        "## model.py as it is now (the best so far)\n\n```\nSCORE = 1\n```",
        "- iter 1: 0.6000 (Δ +0.1000 ± 0.0100, clear) KEPT — idea 1",
        "- iter 2: 0.6200 (Δ +0.0200) KEPT [features] — idea 2",
        "- iter 3: no number CRASHED (ValueError: x) — idea 3",
        "## The last attempt: DISCARDED\n\n```diff\n-old\n+new\n```",
        "The largest gain so far was iter 1: idea 1.",
        "These did not help recently, do not repeat them: idea 3; idea 4.",
        "This time try an idea of this kind: features.",
        "- memory must not be above 100, should not be above 80",
        "- these must pass: pytest -q",
        "Set HYPOTHESIS to one line",
    ):
        assert part in text


def test_the_audit_number_is_never_in_it() -> None:
    text = write_prompt(CONFIG, HISTORY, {"model.py": "SCORE = 1"}, "features", "-old\n+new\n")
    assert "test_score" not in text
    assert "0.123" not in text


def test_a_long_history_is_cut_to_its_end() -> None:
    long = [HISTORY[0], *(experiment(n, Verdict.DISCARD, 0.4) for n in range(1, 200))]
    text = write_prompt(CONFIG, long, {})
    assert "199 experiments after the baseline" in text
    assert "iter 179:" not in text
    assert "iter 199:" in text


def test_an_empty_history_is_no_error() -> None:
    assert "Goal: maximize score." in write_prompt(CONFIG, [], {})


def test_a_plateau_and_a_streak_of_failures_are_pointed_out() -> None:
    plateau = [*HISTORY[:2], *(experiment(n, Verdict.DISCARD, 0.4) for n in range(2, 7))]
    assert any("No gain in 5 experiments" in hint for hint in hints(CONFIG, plateau))
    streak = [*HISTORY[:2], *(experiment(n, Verdict.REJECT) for n in range(2, 5))]
    assert any("The last 3 experiments gave no number" in hint for hint in hints(CONFIG, streak))
    assert hints(CONFIG, HISTORY[:1]) == []


def test_the_biggest_gain_is_the_largest_fall_where_less_is_better() -> None:
    config = replace(CONFIG, metrics=(Metric(Source("score"), Direction.MINIMIZE),))
    history = [HISTORY[0], experiment(1, Verdict.KEEP, 0.4, delta=-0.1), experiment(2, Verdict.KEEP, 0.1, delta=-0.3)]
    assert any("The largest gain so far was iter 2" in hint for hint in hints(config, history))


def test_a_hint_names_what_did_not_help_once_and_nothing_that_was_kept() -> None:
    def old(n: int, verdict: Verdict, name: str, reused: int | None = None) -> Experiment:
        return Experiment(n, f"c{n}", "", verdict, metric=0.5, hypothesis=name, reused=reused)

    history = [
        old(0, Verdict.BASELINE, "plain"),
        old(1, Verdict.KEEP, "good"),
        old(2, Verdict.DISCARD, "good"),
        old(3, Verdict.DISCARD, "bad"),
        old(4, Verdict.DISCARD, "bad"),
        old(5, Verdict.DISCARD, "no change", reused=1),
    ]
    assert hints(CONFIG, history)[-1] == "These did not help recently, do not repeat them: bad."


def test_an_agent_is_told_whether_it_may_search_the_web() -> None:
    assert "Do not search the web." in write_prompt(CONFIG, [], {})
    assert "You may search the web." in write_prompt(replace(CONFIG, web_search=True), [], {})
    command = _with_web(Agent("claude", PRESETS["claude"]), is_allowed=True)
    assert command.startswith(
        "claude --print --output-format json --allowedTools {rules} WebFetch WebSearch --disallowedTools Bash <"
    )
    assert _with_web(Agent("claude", PRESETS["claude"]), is_allowed=False) == PRESETS["claude"]


def test_an_arm_is_explained_in_words_and_ten_failures_ask_for_something_radical() -> None:
    config = replace(CONFIG, bandit=Bandit(arms=("rewrite", "cache"), directives={"cache": "Keep results."}))
    assert "This time try an idea of this kind: rewrite. Write the slow part anew" in write_prompt(
        config, [], {}, arm="rewrite"
    )
    assert "of this kind: cache. Keep results." in write_prompt(config, [], {}, arm="cache")
    tried = [Experiment(n, "c", "p", Verdict.DISCARD, hypothesis=f"idea {n}") for n in range(11)]
    assert not any("radical" in hint for hint in hints(CONFIG, tried[:10]))
    assert any("No gain in 10 experiments" in hint and "Try something radical" in hint for hint in hints(CONFIG, tried))


TWO = (Metric(Source("score"), Direction.MAXIMIZE), Metric(Source("time"), Direction.MINIMIZE))


@pytest.mark.parametrize(
    ("changes", "says", "never"),
    [
        ({}, "Rule strict: an edit is kept when its result is strictly better than the best so far.", "Rule front"),
        ({"rule": Rule.CONFIRM}, "Rule confirm: an edit is kept when its result is strictly better", "Rule strict"),
        ({"rule": Rule.MARGIN, "margin": 2.5}, "better by more than 2.5 standard errors", "strictly better"),
        (
            {"rule": Rule.FRONT, "metrics": TWO},
            "unless an earlier kept experiment is at least as good",
            "strictly better",
        ),
        ({"rule": Rule.DOMINATE, "metrics": TWO}, "no worse in any metric and strictly better in one", "Rule front"),
        ({"simplicity": Simplicity.LINES}, "is kept from strictly fewer lines.", "nodes"),
        ({"simplicity": Simplicity.OFF}, "strictly better than the best so far. Any other edit is undone.", "An equal"),
    ],
)
def test_prompt_and_program_state_the_rule_in_force(changes: dict, says: str, never: str) -> None:
    config = replace(CONFIG, **changes)
    for text in (write_prompt(config, HISTORY, {"model.py": "x"}), program_text(config)):
        goal = next(line for line in text.splitlines() if line.startswith("Goal: "))
        assert says in goal
        assert never not in goal
