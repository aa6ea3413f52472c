from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from ratchet.records import Experiment, Verdict
from researcher import propose
from researcher.costs import LARGE_CPU_S, LIMIT_CPU_S, expected_cpu_s, is_affordable, price_list
from researcher.edits import member_of
from researcher.history import Trial, learn
from researcher.recipe import Blend, Member, Recipe, parse_note

FOREST, SVM = member_of("forest"), member_of("svm")


def trial(recipe: Recipe, cpu_s: float | None) -> Trial:
    return Trial(0, recipe, 0.8, None, False, cpu_s)


PRICES = price_list(
    [trial(Recipe(), 1.0), trial(Recipe(members=(FOREST,)), 30.0), trial(Recipe(members=(Member(), SVM)), 500.0)]
)


@pytest.mark.parametrize(
    ("recipe", "cpu_s"),
    [
        (Recipe(), 1.0),
        (Recipe(members=(SVM,)), 0.0),
        (Recipe(members=(FOREST, Member())), 31.0),
        (Recipe(members=(FOREST, Member()), blend=Blend.STACK), 124.0),
        (Recipe(members=(replace(FOREST, bags=5),)), 150.0),
    ],
)
def test_a_recipe_costs_what_its_members_cost_alone(recipe: Recipe, cpu_s: float) -> None:
    assert expected_cpu_s(recipe, PRICES) == cpu_s
    assert is_affordable(recipe, PRICES) is (cpu_s <= LIMIT_CPU_S)


def test_a_time_that_was_not_measured_bars_nothing() -> None:
    assert is_affordable(Recipe(), price_list([trial(Recipe(), None)]))


def test_on_a_large_table_nothing_compares_each_row_with_each_other() -> None:
    small, large = trial(Recipe(), 0.1), trial(Recipe(), LARGE_CPU_S * 2)
    svm = Recipe(members=(SVM,))
    assert is_affordable(svm, price_list([small]))
    assert not is_affordable(svm, price_list([large]))
    assert is_affordable(svm, price_list([large, trial(svm, 20.0)]))


def test_a_run_on_a_large_table_stays_within_its_budget(
    baseline: Experiment, judged: Callable[..., Experiment]
) -> None:
    history = [replace(baseline, cpu_time_s=5.0)]
    for n in range(1, 60):
        proposal = propose(history, seed=1)
        recipe = parse_note(proposal.note)
        assert recipe is not None
        assert not recipe.families & {"svm", "neighbours"}
        assert expected_cpu_s(recipe, price_list(learn(history).ranked)) <= LIMIT_CPU_S
        cpu_s = 5.0 if recipe.families == {"logistic"} else 40.0
        history.append(replace(judged(n, proposal, Verdict.DISCARD, 0.79), cpu_time_s=cpu_s))
