"""Single changes of a recipe, each with its reason; None where a change does not fit or has no effect."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import wraps
from typing import Concatenate, ParamSpec, TypeAlias, TypeVar

from researcher.expressions import Value
from researcher.features import ROW_FEATURES, in_order
from researcher.recipe import Blend, IdeaKind, Member, Recipe
from researcher.space import FAMILIES, ModelKind, family_of, setting
from researcher.transforms import CATEGORIES, NUMBERS, STEPS, is_sound

MAX_MEMBERS = 5


@dataclass(frozen=True, slots=True)
class RecipeCandidate:
    """A recipe to measure, its kind of idea, and its hypothesis."""

    recipe: Recipe
    arm: IdeaKind
    hypothesis: str


@dataclass(frozen=True, slots=True)
class Change:
    """A member after an edit; `claim` follows its title in the hypothesis (`on cubic splines should help because`)."""

    member: Member
    arm: IdeaKind
    claim: str


Edit: TypeAlias = Callable[[Recipe], RecipeCandidate | None]
MemberEdit: TypeAlias = Callable[[Member], Change | None]
T = TypeVar("T")
R = TypeVar("R")
P = ParamSpec("P")


def edit(function: Callable[Concatenate[T, P], R]) -> Callable[P, Callable[[T], R]]:
    """Make `name(settings)` return the edit that calls `name` with what is edited and these settings."""

    @wraps(function)
    def with_settings(*args: P.args, **settings: P.kwargs) -> Callable[[T], R]:
        return lambda edited: function(edited, *args, **settings)

    return with_settings


@edit
def add_feature(recipe: Recipe, name: str) -> RecipeCandidate | None:
    """Add a row feature."""
    if name in recipe.features:
        return None
    feature = ROW_FEATURES[name]
    richer = replace(recipe, features=in_order({*recipe.features, name}))
    return RecipeCandidate(richer, IdeaKind.FEATURES, f"{feature.claim} should help because {feature.why}")


@edit
def as_family(recipe: Recipe, /, family: str, **params: Value) -> RecipeCandidate | None:
    """Replace all members by one model of the family."""
    alone = replace(recipe, members=(member_of(family, **params),), blend=Blend.VOTE)
    why = f"{FAMILIES[family].title} should help because {FAMILIES[family].why}"
    return RecipeCandidate(alone, IdeaKind.FAMILY, why)


@edit
def exchange(recipe: Recipe, at: int, member: Member) -> RecipeCandidate | None:
    """Replace the member at that index, unless the recipe has one of the new family."""
    if member.family in recipe.families:
        return None
    new, old = family_of(member), family_of(recipe.members[at])
    why = f"{new.title} in place of {old.title_inside} should help because {new.why}"
    return RecipeCandidate(with_member_at(recipe, at, member), IdeaKind.FAMILY, why)


@edit
def join(recipe: Recipe, member: Member) -> RecipeCandidate | None:
    """Add the member to the average, unless the recipe has one of its family."""
    if member.family in recipe.families or len(recipe.members) >= MAX_MEMBERS:
        return None
    family = family_of(member)
    why = f"Averaging in {family.title_inside} should help because {family.why}"
    return RecipeCandidate(replace(recipe, members=(*recipe.members, member)), IdeaKind.ENSEMBLING, why)


@edit
def on_first(recipe: Recipe, change: MemberEdit, *kinds: ModelKind) -> RecipeCandidate | None:
    """Change the first member that the change fits, of the given kinds if any are given."""
    eligible = [at for at, member in enumerate(recipe.members) if not kinds or family_of(member).kind in kinds]
    return next((candidate for at in eligible if (candidate := on_member(change, at)(recipe))), None)


@edit
def on_member(recipe: Recipe, change: MemberEdit, at: int) -> RecipeCandidate | None:
    """Change the member at that index."""
    done = change(recipe.members[at])
    if done is None:
        return None
    why = f"{family_of(done.member).title} {done.claim}"
    return RecipeCandidate(with_member_at(recipe, at, done.member), done.arm, why)


@edit
def see_numbers(member: Member, name: str) -> Change | None:
    """Preprocess the numbers in that way."""
    claim = f"{NUMBERS[name].claim} should help because {NUMBERS[name].why}"
    return _changed(member, replace(member, numbers=name), IdeaKind.PREPROCESSING, claim)


@edit
def see_categories(member: Member, name: str) -> Change | None:
    """Encode the categories in that way."""
    claim = f"{CATEGORIES[name].claim} should help because {CATEGORIES[name].why}"
    return _changed(member, replace(member, categories=name), IdeaKind.PREPROCESSING, claim)


def see_codes(member: Member) -> Change | None:
    """Treat numeric columns with few distinct values as categories."""
    claim = "with numeric codes as categories should help because code 3 need not lie between codes 2 and 4"
    return _changed(member, replace(member, codes=True), IdeaKind.PREPROCESSING, claim)


def see_gaps(member: Member) -> Change | None:
    """Flag the missing numbers."""
    claim = "with flags for missing values should help because values are seldom missing at random"
    return _changed(member, replace(member, flags=True), IdeaKind.PREPROCESSING, claim)


@edit
def add_step(member: Member, name: str, *, arm: IdeaKind = IdeaKind.PREPROCESSING) -> Change | None:
    """Add a step after the columns; for it the missing numbers of a tree are imputed."""
    numbers = "standard" if member.numbers == "raw" else member.numbers
    steps = tuple(step for step in STEPS if step in member.steps or step == name)
    claim = f"{STEPS[name].claim} should help because {STEPS[name].why}"
    return _changed(member, replace(member, numbers=numbers, steps=steps), arm, claim)


@edit
def turn(member: Member, name: str, value: Value) -> Change | None:
    """Set a hyperparameter; its start value is left out of the recipe."""
    knob = next((knob for knob in family_of(member).knobs if knob.name == name), None)
    if knob is None or value not in knob.values:
        return None
    is_up = knob.values.index(value) > knob.values.index(setting(member, knob))
    others = {key: kept for key, kept in member.params if key != name}
    params = others if value == knob.start else {**others, name: value}
    claim = f"with {name}={value} should help because {knob.up if is_up else knob.down}"
    return _changed(member, replace(member, params=tuple(sorted(params.items()))), IdeaKind.HYPERPARAMETERS, claim)


@edit
def bag(member: Member, count: int) -> Change | None:
    """Bag the model over `count` samples of the rows, if the model is unstable."""
    claim = f"bagged over {count} samples of the rows should help because averaging reduces variance"
    is_worth_it = family_of(member).is_unstable
    return _changed(member, replace(member, bags=count), IdeaKind.ENSEMBLING, claim) if is_worth_it else None


def member_of(family: str, **params: Value) -> Member:
    """Return a member of the family with the preprocessing that suits its kind."""
    is_tree = FAMILIES[family].kind is ModelKind.TREES
    numbers, categories = ("raw", "ordinal") if is_tree else ("standard", "onehot")
    return Member(family, tuple(sorted(params.items())), numbers, categories)


def with_member_at(recipe: Recipe, at: int, member: Member) -> Recipe:
    """Return the recipe with the member at that index."""
    return replace(recipe, members=(*recipe.members[:at], member, *recipe.members[at + 1 :]))


def views() -> list[MemberEdit]:
    """Return every edit of the preprocessing of a member."""
    numbers = [see_numbers(name) for name in NUMBERS]
    categories = [see_categories(name) for name in CATEGORIES]
    return [*numbers, *categories, *(add_step(name) for name in STEPS), see_codes, see_gaps]


def notches(member: Member) -> Iterator[MemberEdit]:
    """Yield each edit that moves one hyperparameter of the member to its next larger or smaller value."""
    for knob in family_of(member).knobs:
        at = knob.values.index(setting(member, knob))
        for near in (at - 1, at + 1):
            if 0 <= near < len(knob.values):
                yield turn(knob.name, knob.values[near])


def _changed(member: Member, changed: Member, arm: IdeaKind, claim: str) -> Change | None:
    return Change(changed, arm, claim) if changed != member and is_sound(changed) else None
