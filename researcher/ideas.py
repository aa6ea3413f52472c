"""The bank: ideas that need no knowledge of the table, ordered by what they gain per CPU second.

A run opens with eight cheap ideas of different kinds. Most are a model of its own and take 0.1 to 0.5 CPU seconds on a
thousand rows, so that a short run has several models to average. Their order was chosen on six splits each of eight
public tables (200 to 5,400 rows), by the AUC of the committee of a run of 5 to 15 CPU seconds. The order of the others
was chosen by the validation AUC gained per CPU second.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from researcher.history import Knowledge
from researcher.mutations import (
    Edit,
    RecipeCandidate,
    add_feature,
    add_step,
    as_family,
    bag,
    join,
    member_of,
    on_first,
    see_categories,
    see_codes,
    see_gaps,
    see_numbers,
    turn,
)
from researcher.recipe import Blend, IdeaKind, Member, Recipe
from researcher.space import ModelKind, family_of

Build: TypeAlias = Callable[[Knowledge], RecipeCandidate | None]


@dataclass(frozen=True, slots=True)
class Idea:
    """A named idea and its `build`, which returns None as long as the idea does not fit the run."""

    name: str
    build: Build


def from_bank(
    known: Knowledge, arms: Collection[IdeaKind], ideas: Sequence[Idea] | None = None
) -> Iterator[tuple[str, RecipeCandidate]]:
    """Yield the names and candidates of the ideas of these arms that are not used up; default: the whole bank."""
    for idea in IDEAS if ideas is None else ideas:
        candidate = idea.build(known) if idea.name not in known.ideas else None
        if candidate is not None and candidate.arm in arms:
            yield idea.name, candidate


def opening(seed: int) -> Sequence[Idea]:
    """Return the opening. Parallel loops have consecutive seeds, and each begins at another idea of it."""
    at = STRIDE * seed % len(OPENING)
    return (*OPENING[at:], *OPENING[:at])


def on_best(edit: Edit) -> Build:
    """Return the build that edits the incumbent or, where the edit does not fit, the best experiment that it fits."""
    return lambda known: _first_fresh(known, edit, [*_best_first(known), _plain(known)])


def on_plain(edit: Edit) -> Build:
    """Return the build that edits the plain model, which is quick to fit, or else as `on_best` does."""
    return lambda known: _first_fresh(known, edit, [_plain(known), *_best_first(known)])


def _plain(known: Knowledge) -> Recipe:
    return Recipe(features=known.incumbent.features, hand=known.incumbent.hand)


def _best_first(known: Knowledge) -> list[Recipe]:
    return [known.incumbent, *(trial.recipe for trial in known.ranked)]


def _first_fresh(known: Knowledge, edit: Edit, bases: Sequence[Recipe]) -> RecipeCandidate | None:
    candidates = (candidate for base in bases if (candidate := edit(base)))
    return next((candidate for candidate in candidates if candidate.recipe not in known.tried), None)


def best_of(count: int, hypothesis: str, *, blend: Blend = Blend.VOTE) -> Build:
    """Return the build that blends the best models of `count` families, different kinds first."""

    def build(known: Knowledge) -> RecipeCandidate | None:
        members = best_members(known)
        by_kind = {family_of(member).kind: member for member in reversed(members)}
        diverse = [member for member in members if member in by_kind.values()]
        chosen = (diverse + [member for member in members if member not in diverse])[:count]
        if len(chosen) < count:
            return None
        recipe = Recipe(known.incumbent.features, tuple(chosen), blend, known.incumbent.hand)
        return RecipeCandidate(recipe, IdeaKind.ENSEMBLING, hypothesis)

    return build


def best_members(known: Knowledge) -> list[Member]:
    """Return the best member of each family that was tried on its own, best first."""
    found: dict[str, Member] = {}
    for trial in known.ranked:
        if len(trial.recipe.members) == 1:
            found.setdefault(trial.recipe.members[0].family, trial.recipe.members[0])
    return list(found.values())


def _edit(name: str, edit: Edit) -> Idea:
    return Idea(name, on_best(edit))


STRIDE = 3  # ideas between the first ideas of two parallel loops
_SCALED = (ModelKind.LINEAR, ModelKind.SMOOTH)

OPENING: tuple[Idea, ...] = (
    _edit("extra_trees", as_family("extra_trees")),
    _edit("svm", as_family("svm")),
    Idea("kernel", on_plain(on_first(add_step("kernel"), ModelKind.LINEAR))),
    _edit("lightgbm", as_family("lightgbm")),
    Idea("shrink", on_plain(on_first(turn("C", 0.01), ModelKind.LINEAR))),
    _edit("forest", as_family("forest", min_samples_leaf=10)),
    Idea("three_kinds", best_of(3, "Averaging three kinds of model should help because they make different errors")),
    _edit("neighbours", as_family("neighbours", p=1)),
)
IDEAS: tuple[Idea, ...] = (
    *OPENING,
    _edit("coarser_leaves", on_first(turn("min_samples_leaf", 20), ModelKind.TREES)),
    Idea(
        "four_families", best_of(4, "Averaging the best four families should help because averaging reduces variance")
    ),
    _edit("xgboost", as_family("xgboost", max_depth=2)),
    _edit("boosting", as_family("boosting")),
    _edit("zero_flags", add_feature("zero_flags")),
    _edit("lda", as_family("lda")),
    Idea(
        "two_kinds", best_of(2, "Averaging the best two kinds of model should help because they err on different rows")
    ),
    _edit("select_half", on_first(add_step("select_half", arm=IdeaKind.SIMPLIFY), ModelKind.LINEAR)),
    _edit("hinges", on_first(see_numbers("hinges"), ModelKind.LINEAR)),
    _edit("finer_leaves", on_first(turn("min_samples_leaf", 1), ModelKind.TREES)),
    _edit("splines", on_first(see_numbers("splines"), ModelKind.LINEAR)),
    _edit("ratios", add_feature("ratios")),
    _edit("codes", on_first(see_codes)),
    _edit("lasso", as_family("lasso", C=0.1, l1_ratio=0.5)),
    _edit("network", as_family("network", alpha=3.0)),
    _edit("target", on_first(see_categories("target"))),
    Idea(
        "five_families", best_of(5, "Averaging the best five families should help because averaging reduces variance")
    ),
    _edit("row_summary", add_feature("row_summary")),
    _edit("softer_border", on_first(turn("C", 0.3), ModelKind.SMOOTH)),
    _edit("shrink_less", on_first(turn("C", 0.1), ModelKind.LINEAR)),
    _edit("qda", as_family("qda")),
    _edit("products", add_feature("products")),
    _edit("power", on_first(see_numbers("power"), *_SCALED)),
    Idea(
        "stack",
        best_of(
            3, "Stacking three kinds of model should help because it learns how to weight the models", blend=Blend.STACK
        ),
    ),
    _edit("bins", on_first(see_numbers("bins"), ModelKind.LINEAR)),
    _edit("bagged_network", on_first(bag(5), ModelKind.SMOOTH)),
    _edit("numbers_in_names", add_feature("numbers_in_names")),
    _edit("missing_count", add_feature("missing_count")),
    _edit("balanced", on_first(turn("class_weight", "balanced"))),
    _edit("pca", on_first(add_step("pca"), *_SCALED)),
    _edit("more_trees", on_first(turn("n_estimators", 200), ModelKind.TREES)),
    _edit("prototypes", on_first(add_step("prototypes"))),
    _edit("join_trees", join(member_of("extra_trees"))),
    _edit("signed_logs", add_feature("signed_logs")),
    _edit("wider_cuts", on_first(turn("max_features", 0.5), ModelKind.TREES)),
    _edit("neighbour_steps", add_feature("neighbour_steps")),
    _edit("robust", on_first(see_numbers("robust"), *_SCALED)),
    _edit("rank_gauss", on_first(see_numbers("rank_gauss"), *_SCALED)),
    _edit("join_logistic", join(member_of("logistic", C=0.1))),
    _edit("category_pairs", add_feature("category_pairs")),
    _edit("flags", on_first(see_gaps, *_SCALED)),
    _edit("row_profile", add_feature("row_profile")),
    _edit("pairs", on_first(add_step("pairs"), ModelKind.LINEAR)),
    _edit("naive_bayes", as_family("naive_bayes")),
    _edit("select_quarter", on_first(add_step("select_quarter", arm=IdeaKind.SIMPLIFY), *_SCALED)),
    _edit("squares", on_first(add_step("squares"), ModelKind.LINEAR)),
)
