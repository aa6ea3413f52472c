from __future__ import annotations

import random
from collections.abc import Callable
from itertools import islice

import pytest

from ratchet.core.records import Experiment, Verdict
from researcher.codegen import is_renderable
from researcher.evolution import bred, wandering
from researcher.history import Knowledge, learn
from researcher.mutations import member_of
from researcher.recipe import IdeaKind, Member, Recipe

Remembered = Callable[..., Experiment]


@pytest.fixture
def known(baseline: Experiment, remembered: Remembered) -> Knowledge:
    """A run that stands on a blend, with two near-misses."""
    blend = Recipe(("ratios",), (Member(params=(("C", 0.1),), steps=("pairs",)), member_of("extra_trees")))
    history = [
        baseline,
        remembered(1, Recipe(members=(member_of("svm", C=0.3),)), Verdict.DISCARD, 0.84),
        remembered(2, blend, Verdict.KEEP, 0.86),
        remembered(3, Recipe(("zero_flags",), (Member(numbers="hinges"),)), Verdict.DISCARD, 0.859),
    ]
    return learn(history)


def children(known: Knowledge, arm: IdeaKind) -> list[Recipe]:
    return [candidate.recipe for candidate in bred(known, arm, random.Random(1)) if is_renderable(candidate.recipe)]


@pytest.mark.parametrize("arm", IdeaKind)
def test_every_arm_breeds_new_recipes_with_a_reason(known: Knowledge, arm: IdeaKind) -> None:
    found = list(bred(known, arm, random.Random(1)))
    fresh = [candidate for candidate in found if candidate.recipe not in known.tried]
    assert len(fresh) >= 3
    assert {candidate.arm for candidate in found} == {arm}
    assert all(" because " in candidate.hypothesis and len(candidate.hypothesis) <= 150 for candidate in found)
    assert all(is_renderable(candidate.recipe) for candidate in found)


def test_the_features_of_a_near_miss_come_to_the_incumbent(known: Knowledge) -> None:
    assert ("zero_flags", "ratios") in [recipe.features for recipe in children(known, IdeaKind.FEATURES)[:4]]


def test_the_members_of_a_near_miss_come_to_the_incumbent(known: Knowledge) -> None:
    families = [recipe.families for recipe in children(known, IdeaKind.ENSEMBLING)[:4]]
    assert {"logistic", "extra_trees", "svm"} in families


def test_the_view_of_a_near_miss_comes_to_the_incumbent(known: Knowledge) -> None:
    first = children(known, IdeaKind.PREPROCESSING)[0]
    assert first.members[0] == Member(params=(("C", 0.1),), numbers="hinges")


def test_what_is_simpler_has_less(known: Knowledge) -> None:
    simpler = children(known, IdeaKind.SIMPLIFY)
    assert Recipe((), known.incumbent.members) in simpler
    assert Recipe(("ratios",), known.incumbent.members[1:]) in simpler
    assert not any(len(recipe.members) > 2 for recipe in simpler)


def test_the_order_depends_on_the_seed_alone(known: Knowledge) -> None:
    one, same, other = (list(bred(known, IdeaKind.HYPERPARAMETERS, random.Random(seed))) for seed in (1, 1, 2))
    assert one == same
    assert one != other


def test_a_walk_gets_ever_further_from_the_incumbent(known: Knowledge) -> None:
    walked = [candidate.recipe for candidate in islice(wandering(known, random.Random(3)), 40)]
    assert len(set(walked)) > 20
