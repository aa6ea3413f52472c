from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from ratchet.core.records import Experiment, Verdict
from researcher.history import learn
from researcher.ideas import IDEAS, OPENING, best_members, best_of, from_bank
from researcher.mutations import RecipeCandidate, member_of
from researcher.recipe import Blend, IdeaKind, Member, Recipe

ARMS = tuple(IdeaKind)
Remembered = Callable[..., Experiment]


def run_of(remembered: Remembered, **scores: float) -> list[Experiment]:
    """One kept baseline and one trial a family."""
    trials = [
        remembered(n, Recipe(members=(member_of(family),)), Verdict.DISCARD, score)
        for n, (family, score) in enumerate(scores.items(), start=1)
    ]
    return [Experiment(0, "c", "", Verdict.BASELINE, metric=0.8), *trials]


@pytest.fixture
def offered(remembered: Remembered) -> dict[str, RecipeCandidate]:
    """Every idea of the bank, on a young run that has seen all kinds of model."""
    known = learn(run_of(remembered, forest=0.79, svm=0.78, lda=0.77, network=0.76, lightgbm=0.75))
    return dict(from_bank(replace(known, tried=frozenset()), ARMS))


def test_the_bank_holds_more_than_forty_ideas_of_every_arm(offered: dict[str, RecipeCandidate]) -> None:
    assert len(IDEAS) > 40
    assert set(offered) == set(IDEAS)
    assert {candidate.arm for candidate in offered.values()} == set(IdeaKind)


def test_no_two_ideas_are_the_same(offered: dict[str, RecipeCandidate]) -> None:
    assert len({candidate.recipe for candidate in offered.values()}) == len(IDEAS)


def test_an_idea_says_in_plain_words_why_it_should_help(offered: dict[str, RecipeCandidate]) -> None:
    for candidate in offered.values():
        claim = candidate.hypothesis
        assert " should help because " in claim
        assert len(claim) <= 120
        assert not set(claim) & set("\"'\\{}\n")
        assert claim[0].isupper()


def test_a_run_opens_with_ideas_of_many_kinds(offered: dict[str, RecipeCandidate]) -> None:
    assert list(IDEAS)[: len(OPENING)] == list(OPENING)
    assert len({offered[name].arm for name in OPENING}) >= 4


def test_the_opening_builds_on_the_plain_model_where_that_is_quicker(remembered: Remembered) -> None:
    kept = Recipe(("ratios",), (member_of("extra_trees"), Member(params=(("C", 0.3),))))
    known = learn([*run_of(remembered, svm=0.9), remembered(2, kept, Verdict.KEEP, 0.95)])
    kernel = dict(from_bank(known, ARMS, OPENING))["kernel"]
    assert kernel.recipe == Recipe(("ratios",), (Member(steps=("kernel",)),))


def test_a_used_idea_is_not_offered_again() -> None:
    known = replace(learn([]), ideas=frozenset({next(iter(IDEAS))}))
    assert next(iter(IDEAS)) not in dict(from_bank(known, ARMS))


def test_only_ideas_of_the_arm_are_offered() -> None:
    assert {candidate.arm for _, candidate in from_bank(learn([]), {IdeaKind.FEATURES})} == {IdeaKind.FEATURES}


def test_an_idea_is_built_on_the_incumbent_where_it_fits(remembered: Remembered) -> None:
    kept = Recipe(("ratios",), (Member(params=(("C", 0.1),)),))
    known = learn([*run_of(remembered, svm=0.9), remembered(2, kept, Verdict.KEEP, 0.95)])
    hinges = dict(from_bank(known, ARMS))["hinges"]
    assert hinges.recipe == Recipe(("ratios",), (replace(kept.members[0], numbers="hinges"),))


def test_else_on_the_best_trial_that_it_fits(remembered: Remembered) -> None:
    trees = remembered(3, Recipe(members=(member_of("forest"),)), Verdict.KEEP, 0.95)
    known = learn([*run_of(remembered, svm=0.9, lda=0.85), trees])
    hinges = dict(from_bank(known, ARMS))["hinges"]
    assert hinges.recipe.members == (replace(member_of("lda"), numbers="hinges"),)
    assert hinges.hypothesis.startswith("Linear discriminant analysis on piecewise linear splines")


def test_the_best_member_of_each_family_is_found(remembered: Remembered) -> None:
    history = run_of(remembered, svm=0.7, forest=0.9)
    better = Recipe(members=(member_of("svm", C=0.3),))
    members = best_members(learn([*history, remembered(3, better, Verdict.DISCARD, 0.75)]))
    assert members == [member_of("forest"), Member(), better.members[0]]


def test_a_blend_takes_different_kinds_before_the_best_of_one_kind(remembered: Remembered) -> None:
    known = learn(run_of(remembered, forest=0.9, extra_trees=0.89, lightgbm=0.88, svm=0.6))
    built = best_of(3, "why", blend=Blend.STACK)(known)
    assert built is not None
    assert [member.family for member in built.recipe.members] == ["forest", "logistic", "svm"]
    assert built.recipe.blend is Blend.STACK


def test_a_blend_waits_until_enough_families_were_tried(remembered: Remembered) -> None:
    assert best_of(3, "why")(learn(run_of(remembered, svm=0.9))) is None
