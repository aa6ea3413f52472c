"""UCB1 over the arms, from the history alone."""

import math

import pytest

from ratchet.core.bandit import count_arms, suggest
from ratchet.core.config import Bandit
from ratchet.core.records import Experiment, Verdict

BANDIT = Bandit(arms=("a", "b", "c"))


def tries(*outcomes: str) -> list[Experiment]:
    """A history from texts such as `a+` (arm a, kept) and `b-`."""
    return [
        Experiment(
            n=n,
            commit="c",
            parent="p",
            verdict=Verdict.KEEP if outcome.endswith("+") else Verdict.DISCARD,
            strategy=outcome[:-1],
            wall_time_s=1.0,
        )
        for n, outcome in enumerate(outcomes)
    ]


@pytest.mark.parametrize(
    ("outcomes", "arm"),
    [
        ([], "a"),
        (["a+"], "b"),
        (["b-"], "a"),
        (["a-", "b-"], "c"),
        (["a-", "b-", "c-"], "a"),
        (["a-", "b+", "c-"], "b"),
        (["a-", "b+", "c-", "b-"], "b"),
        (["a-", "b+", "c-", "b-", "b-"], "a"),
    ],
)
def test_each_arm_once_then_the_highest_upper_bound(outcomes: list[str], arm: str) -> None:
    assert suggest(tries(*outcomes), BANDIT) == arm


def test_the_bound_is_that_of_the_paper() -> None:
    history = tries(*["a+"] * 6, *["a-"] * 4, *["b+"] * 1, *["b-"] * 3, "c-")
    total, bounds = 15, {}
    for name, kept, n in (("a", 6, 10), ("b", 1, 4), ("c", 0, 1)):
        bounds[name] = kept / n + math.sqrt(2 * math.log(total) / n)
    assert suggest(history, BANDIT) == max(bounds, key=lambda name: bounds[name]) == "c"


def test_without_exploration_the_best_arm_is_repeated() -> None:
    assert suggest(tries("a-", "b+", "c-", "b-", "b-"), Bandit(arms=("a", "b", "c"), exploration=1e-9)) == "b"


def test_what_was_never_measured_or_of_another_kind_is_no_try() -> None:
    failed = Experiment(n=1, commit="c", parent="p", verdict=Verdict.CRASH, strategy="a")
    assert [(arm.name, arm.tries, arm.kept) for arm in count_arms([failed, *tries("x+", "b+")], BANDIT)] == [
        ("a", 0, 0),
        ("b", 1, 1),
        ("c", 0, 0),
    ]
