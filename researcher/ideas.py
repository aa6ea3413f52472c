"""The bank: ideas that need no knowledge of the table, ordered by what they gain per CPU second.

A run opens with eight cheap ideas of different kinds. Most are a model of its own and take 0.1 to 0.5 CPU seconds on a
thousand rows, so that a short run has several models to average. Their order was chosen on six splits each of eight
public tables (200 to 5,400 rows), by the AUC of the committee of a run of 5 to 15 CPU seconds. The order of the others
was chosen by the validation AUC gained per CPU second.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
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

# What builds an idea; None as long as the idea does not fit the run.
Build: TypeAlias = Callable[[Knowledge], RecipeCandidate | None]


def from_bank(
    known: Knowledge, arms: Collection[IdeaKind], ideas: Mapping[str, Build] | None = None
) -> Iterator[tuple[str, RecipeCandidate]]:
    """Yield the names and candidates of the ideas of these arms that are not used up; default: the whole bank."""
    for name, build in (IDEAS if ideas is None else ideas).items():
        candidate = build(known) if name not in known.ideas else None
        if candidate is not None and candidate.arm in arms:
            yield name, candidate


def opening(seed: int) -> Mapping[str, Build]:
    """Return the opening. Parallel loops have consecutive seeds, and each begins at another idea of it."""
    at = STRIDE * seed % len(OPENING)
    names = list(OPENING)
    return {name: OPENING[name] for name in (*names[at:], *names[:at])}


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


STRIDE = 3  # ideas between the first ideas of two parallel loops
_SCALED = (ModelKind.LINEAR, ModelKind.SMOOTH)

OPENING: dict[str, Build] = {
    "extra_trees": on_best(as_family("extra_trees")),
    "svm": on_best(as_family("svm")),
    "kernel": on_plain(on_first(add_step("kernel"), ModelKind.LINEAR)),
    "lightgbm": on_best(as_family("lightgbm")),
    "shrink": on_plain(on_first(turn("C", 0.01), ModelKind.LINEAR)),
    "forest": on_best(as_family("forest", min_samples_leaf=10)),
    "three_kinds": best_of(3, "Averaging three kinds of model should help because they make different errors"),
    "neighbours": on_best(as_family("neighbours", p=1)),
}
IDEAS: dict[str, Build] = {
    **OPENING,
    "coarser_leaves": on_best(on_first(turn("min_samples_leaf", 20), ModelKind.TREES)),
    "four_families": best_of(4, "Averaging the best four families should help because averaging reduces variance"),
    "xgboost": on_best(as_family("xgboost", max_depth=2)),
    "boosting": on_best(as_family("boosting")),
    "zero_flags": on_best(add_feature("zero_flags")),
    "lda": on_best(as_family("lda")),
    "two_kinds": best_of(2, "Averaging the best two kinds of model should help because they err on different rows"),
    "select_half": on_best(on_first(add_step("select_half", arm=IdeaKind.SIMPLIFY), ModelKind.LINEAR)),
    "hinges": on_best(on_first(see_numbers("hinges"), ModelKind.LINEAR)),
    "finer_leaves": on_best(on_first(turn("min_samples_leaf", 1), ModelKind.TREES)),
    "splines": on_best(on_first(see_numbers("splines"), ModelKind.LINEAR)),
    "ratios": on_best(add_feature("ratios")),
    "codes": on_best(on_first(see_codes)),
    "lasso": on_best(as_family("lasso", C=0.1, l1_ratio=0.5)),
    "network": on_best(as_family("network", alpha=3.0)),
    "target": on_best(on_first(see_categories("target"))),
    "five_families": best_of(5, "Averaging the best five families should help because averaging reduces variance"),
    "row_summary": on_best(add_feature("row_summary")),
    "softer_border": on_best(on_first(turn("C", 0.3), ModelKind.SMOOTH)),
    "shrink_less": on_best(on_first(turn("C", 0.1), ModelKind.LINEAR)),
    "qda": on_best(as_family("qda")),
    "products": on_best(add_feature("products")),
    "power": on_best(on_first(see_numbers("power"), *_SCALED)),
    "stack": best_of(
        3, "Stacking three kinds of model should help because it learns how to weight the models", blend=Blend.STACK
    ),
    "bins": on_best(on_first(see_numbers("bins"), ModelKind.LINEAR)),
    "bagged_network": on_best(on_first(bag(5), ModelKind.SMOOTH)),
    "numbers_in_names": on_best(add_feature("numbers_in_names")),
    "missing_count": on_best(add_feature("missing_count")),
    "balanced": on_best(on_first(turn("class_weight", "balanced"))),
    "pca": on_best(on_first(add_step("pca"), *_SCALED)),
    "more_trees": on_best(on_first(turn("n_estimators", 200), ModelKind.TREES)),
    "prototypes": on_best(on_first(add_step("prototypes"))),
    "join_trees": on_best(join(member_of("extra_trees"))),
    "signed_logs": on_best(add_feature("signed_logs")),
    "wider_cuts": on_best(on_first(turn("max_features", 0.5), ModelKind.TREES)),
    "neighbour_steps": on_best(add_feature("neighbour_steps")),
    "robust": on_best(on_first(see_numbers("robust"), *_SCALED)),
    "rank_gauss": on_best(on_first(see_numbers("rank_gauss"), *_SCALED)),
    "join_logistic": on_best(join(member_of("logistic", C=0.1))),
    "category_pairs": on_best(add_feature("category_pairs")),
    "flags": on_best(on_first(see_gaps, *_SCALED)),
    "row_profile": on_best(add_feature("row_profile")),
    "pairs": on_best(on_first(add_step("pairs"), ModelKind.LINEAR)),
    "naive_bayes": on_best(as_family("naive_bayes")),
    "select_quarter": on_best(on_first(add_step("select_quarter", arm=IdeaKind.SIMPLIFY), *_SCALED)),
    "squares": on_best(on_first(add_step("squares"), ModelKind.LINEAR)),
}
