"""Ideas from the run itself: one change of the best recipes, combinations of them, and simpler versions."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import TypeVar

from researcher.features import ROW_FEATURES, in_order
from researcher.history import Knowledge
from researcher.ideas import best_members
from researcher.mutations import (
    Edit,
    MemberEdit,
    RecipeCandidate,
    add_feature,
    bag,
    exchange,
    join,
    member_of,
    notches,
    on_member,
    views,
    with_member_at,
)
from researcher.recipe import Blend, IdeaKind, Member, Recipe
from researcher.space import FAMILIES, family_of

T = TypeVar("T")
_MAX_PARENTS = 4
_MAX_WALK = 500
# The probability that a near-miss, and not the incumbent, is changed first.
_DETOURS = 0.4


def bred(known: Knowledge, arm: IdeaKind, rng: random.Random) -> Iterator[RecipeCandidate]:
    """Yield candidates of the arm: first combinations of near-misses, then changes of the best recipes."""
    parents = _parents(known, rng)
    yield from _combined(known, arm)
    for parent in parents:
        children = list(_children(parent, known, arm))
        rng.shuffle(children)
        yield from children


def wandering(known: Knowledge, rng: random.Random) -> Iterator[RecipeCandidate]:
    """Yield ever longer random walks from the incumbent, for a run that has tried everything near it."""
    recipe = known.incumbent
    for _ in range(_MAX_WALK):
        children = list(_children(recipe, known, rng.choice(list(IdeaKind))))
        if children:
            child = rng.choice(children)
            recipe = child.recipe
            yield child


def _parents(known: Knowledge, rng: random.Random) -> list[Recipe]:
    best = [trial.recipe for trial in known.ranked[:_MAX_PARENTS]]
    others = [recipe for recipe in best if recipe != known.incumbent]
    if others and rng.random() < _DETOURS:
        first = rng.choice(others)
        return [first, known.incumbent, *(recipe for recipe in others if recipe != first)]
    return [known.incumbent, *others]


def _children(recipe: Recipe, known: Knowledge, arm: IdeaKind) -> Iterator[RecipeCandidate]:
    if arm is IdeaKind.SIMPLIFY:
        yield from _simpler(recipe)
        return
    yield from filter(None, (edit(recipe) for edit in _EDITS[arm](recipe, known)))


def _other_families(recipe: Recipe, known: Knowledge) -> list[Edit]:
    best = {member.family: member for member in best_members(known)}
    fresh = [best.get(family, member_of(family)) for family in FAMILIES]
    return [exchange(at, member) for at in range(len(recipe.members)) for member in fresh]


def _on_each(recipe: Recipe, changes: Callable[[Member], Iterable[MemberEdit]]) -> list[Edit]:
    return [on_member(change, at) for at, member in enumerate(recipe.members) for change in changes(member)]


def _other_blends(recipe: Recipe, known: Knowledge) -> list[Edit]:
    return [_stack, *_on_each(recipe, lambda _member: [bag(5)]), *(join(member) for member in best_members(known))]


_EDITS: dict[IdeaKind, Callable[[Recipe, Knowledge], list[Edit]]] = {
    IdeaKind.FEATURES: lambda _recipe, _known: [add_feature(name) for name in ROW_FEATURES],
    IdeaKind.PREPROCESSING: lambda recipe, _known: _on_each(recipe, lambda _member: views()),
    IdeaKind.FAMILY: _other_families,
    IdeaKind.HYPERPARAMETERS: lambda recipe, _known: _on_each(recipe, notches),
    IdeaKind.ENSEMBLING: _other_blends,
}


def _stack(recipe: Recipe) -> RecipeCandidate | None:
    if len(recipe.members) == 1 or recipe.blend is Blend.STACK:
        return None
    why = "Stacking instead of averaging should help because it learns how to weight the models"
    return RecipeCandidate(replace(recipe, blend=Blend.STACK), IdeaKind.ENSEMBLING, why)


def _combined(known: Knowledge, arm: IdeaKind) -> Iterator[RecipeCandidate]:
    """The incumbent with the parts of the near-misses that it lacks."""
    if arm is IdeaKind.PREPROCESSING:
        yield from _combined_views(known)
    for trial in known.ranked[:_MAX_PARENTS]:
        if arm is IdeaKind.FEATURES:
            features = in_order({*known.incumbent.features, *trial.recipe.features})
            why = f"The row features of experiment {trial.n} should help here too because it came close to the best"
            yield RecipeCandidate(replace(known.incumbent, features=features), arm, why)
        if arm is IdeaKind.ENSEMBLING:
            why = f"Averaging with experiment {trial.n} should help because it came close and may make different errors"
            yield RecipeCandidate(_joined(known.incumbent, trial.recipe), arm, why)


def _combined_views(known: Knowledge) -> Iterator[RecipeCandidate]:
    best = {member.family: member for member in best_members(known)}
    for at, member in enumerate(known.incumbent.members):
        view = replace(best.get(member.family, member), params=member.params, bags=member.bags)
        why = (
            f"{family_of(member).title} on the columns of its best experiment should help because that came close alone"
        )
        yield RecipeCandidate(with_member_at(known.incumbent, at, view), IdeaKind.PREPROCESSING, why)


def _joined(recipe: Recipe, other: Recipe) -> Recipe:
    for member in other.members:
        candidate = join(member)(recipe)
        recipe = candidate.recipe if candidate else recipe
    return replace(recipe, blend=Blend.VOTE)


def _simpler(recipe: Recipe) -> Iterator[RecipeCandidate]:
    for name in recipe.features:
        words = ROW_FEATURES[name].function.split("_", 1)[1].replace("_", " ")
        why = f"Removing {words} should not hurt because they may be noise"
        yield _less(replace(recipe, features=_without(recipe.features, name)), why)
    for at, member in enumerate(recipe.members):
        family = family_of(member)
        if len(recipe.members) > 1:
            fewer = replace(recipe, members=recipe.members[:at] + recipe.members[at + 1 :])
            yield _less(fewer, f"Removing {family.title_inside} should not hurt because the other models may suffice")
        for plainer, what in _plainer(member):
            claim = f"{family.title} without {what} should not do worse because a simpler model overfits less"
            yield _less(with_member_at(recipe, at, plainer), claim)


def _without(items: tuple[T, ...], one: T) -> tuple[T, ...]:
    return tuple(item for item in items if item != one)


def _less(recipe: Recipe, hypothesis: str) -> RecipeCandidate:
    return RecipeCandidate(recipe, IdeaKind.SIMPLIFY, hypothesis)


def _plainer(member: Member) -> Iterator[tuple[Member, str]]:
    for step in member.steps:
        yield replace(member, steps=_without(member.steps, step)), f"the step {step}"
    for param in member.params:
        yield replace(member, params=_without(member.params, param)), f"a tuned {param[0]}"
    if member.bags:
        yield replace(member, bags=0), "bagging"
    if member.codes:
        yield replace(member, codes=False), "numeric codes as categories"
    if member.flags:
        yield replace(member, flags=False), "flags for missing values"
