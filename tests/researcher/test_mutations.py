from __future__ import annotations

from dataclasses import replace

import pytest

from researcher.mutations import (
    MAX_MEMBERS,
    add_feature,
    add_step,
    as_family,
    bag,
    exchange,
    join,
    member_of,
    notches,
    on_first,
    see_categories,
    see_numbers,
    turn,
    views,
)
from researcher.recipe import Blend, IdeaKind, Member, Recipe
from researcher.space import FAMILIES, ModelKind
from researcher.transforms import is_sound

PAIR = Recipe(members=(member_of("extra_trees"), Member()))


def test_a_feature_is_added_once_and_in_its_place() -> None:
    first = add_feature("products")(Recipe())
    assert first is not None
    both = add_feature("ratios")(first.recipe)
    assert both is not None
    assert both.recipe.features == ("ratios", "products")
    assert add_feature("ratios")(both.recipe) is None


def test_an_edit_says_what_should_help_and_why() -> None:
    ratios = add_feature("ratios")(Recipe())
    assert ratios is not None
    assert (
        ratios.hypothesis == "Ratios of two numbers should help because a ratio can be more informative than an amount"
    )
    bent = on_first(see_numbers("hinges"))(Recipe())
    assert bent is not None
    assert (
        bent.hypothesis
        == "Logistic regression on piecewise linear splines should help because effects often start at a threshold"
    )


def test_a_family_takes_the_place_of_all_members() -> None:
    svm = as_family("svm")(replace(PAIR, blend=Blend.STACK))
    assert svm is not None
    assert svm.recipe == Recipe(members=(member_of("svm"),))


def test_a_member_is_exchanged_for_another_family() -> None:
    changed = exchange(1, member_of("lda"))(PAIR)
    assert changed is not None
    assert [member.family for member in changed.recipe.members] == ["extra_trees", "lda"]
    assert changed.hypothesis.startswith("Linear discriminant analysis in place of logistic regression should")
    assert exchange(1, member_of("extra_trees"))(PAIR) is None


def test_an_edit_touches_the_first_member_that_it_suits() -> None:
    bent = on_first(see_numbers("hinges"), ModelKind.LINEAR)(PAIR)
    assert bent is not None
    assert bent.recipe.members == (PAIR.members[0], Member(numbers="hinges"))
    assert on_first(see_numbers("hinges"), ModelKind.LINEAR)(Recipe(members=PAIR.members[:1])) is None


def test_an_edit_that_changes_nothing_is_none() -> None:
    assert see_numbers("standard")(Member()) is None
    assert see_categories("onehot")(Member()) is None
    assert turn("C", 1.0)(Member()) is None


def test_a_knob_back_at_its_start_leaves_no_trace() -> None:
    shrunk = turn("C", 0.1)(Member())
    assert shrunk is not None
    again = turn("C", 1.0)(shrunk.member)
    assert again is not None
    assert again.member == Member()


def test_a_knob_gives_the_reason_of_its_direction() -> None:
    down, up = turn("C", 0.1)(Member()), turn("C", 10.0)(Member())
    assert down is not None
    assert up is not None
    assert "fits less noise" in down.claim
    assert "follow more detail" in up.claim


@pytest.mark.parametrize(("name", "value"), [("depth", 3), ("C", 0.12)])
def test_a_knob_turns_only_to_its_notches(name: str, value: float) -> None:
    assert turn(name, value)(Member()) is None


def test_a_step_behind_a_tree_fills_its_numbers_first() -> None:
    stepped = add_step("prototypes")(member_of("forest"))
    assert stepped is not None
    assert stepped.member.numbers == "standard"


def test_an_edit_can_serve_another_arm() -> None:
    fewer = add_step("select_half", arm=IdeaKind.SIMPLIFY)(Member())
    assert fewer is not None
    assert fewer.arm is IdeaKind.SIMPLIFY


def test_only_unstable_models_are_bagged() -> None:
    assert bag(5)(Member()) is None
    bagged = bag(5)(member_of("network"))
    assert bagged is not None
    assert bagged.member == replace(member_of("network"), bags=5)


def test_a_family_joins_once_and_a_blend_has_an_end() -> None:
    assert join(Member())(PAIR) is None
    full = replace(PAIR, members=tuple(member_of(name) for name in list(FAMILIES)[:MAX_MEMBERS]))
    assert join(member_of("xgboost"))(full) is None


@pytest.mark.parametrize("family", FAMILIES)
def test_every_edit_of_a_sound_member_is_sound_and_new(family: str) -> None:
    member = member_of(family)
    assert is_sound(member)
    changed = [done.member for change in [*views(), *notches(member)] if (done := change(member))]
    assert len(changed) > 3
    assert all(is_sound(found) and found != member for found in changed)


def test_knobs_turn_by_one_notch() -> None:
    turned = {done.member.params for change in notches(Member()) if (done := change(Member()))}
    assert turned == {(("C", 0.3),), (("C", 3.0),), (("class_weight", "balanced"),)}
