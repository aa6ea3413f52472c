"""What a table does not have, told by ideas that changed nothing at all: bent lines on a table without a number.

The researcher never sees the table. A val_auc that is the same to the last digit, with and without a piece, says that
the piece had nothing to work on, and then neither have the others of its subject.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from researcher.recipe import Recipe

_ON_NUMBERS = frozenset(
    {"hinges", "splines", "bins", "rank_gauss", "power", "robust", "signed_logs", "ratios", "products", "row_summary"}
    | {"row_profile", "neighbour_steps", "zero_flags"}
)
_ON_CATEGORIES = frozenset({"target", "category_pairs", "numbers_in_names"})
_ON_GAPS = frozenset({"missing_count", "flags"})

# A piece that cannot fail to change something where its subject is there, and the pieces of that subject. A flag for
# zeros is not among them: a table of numbers may hold no zero.
_TELLING: Mapping[str, frozenset[str]] = {
    **dict.fromkeys(("hinges", "splines", "bins", "signed_logs", "ratios", "products", "row_summary"), _ON_NUMBERS),
    **dict.fromkeys(("target", "category_pairs"), _ON_CATEGORIES),
    "missing_count": _ON_GAPS,
}
# What a piece takes the place of is no difference of its own.
_PLAIN = frozenset({"standard", "raw", "onehot", "ordinal"})


def idle_pieces(measured: Sequence[tuple[Recipe, float]]) -> frozenset[str]:
    """Return the pieces that have nothing to work on, judged by recipes and their scores."""
    by_score: dict[float, list[Recipe]] = {}
    for recipe, score in measured:
        by_score.setdefault(score, []).append(recipe)
    told = {piece for recipes in by_score.values() for piece in _without_effect(recipes)}
    return frozenset().union(*(_TELLING[piece] for piece in told))


def _without_effect(recipes: Sequence[Recipe]) -> Iterator[str]:
    """The telling pieces that are the only difference between two recipes of the same score."""
    made_of = {recipe.pieces - _PLAIN for recipe in recipes}
    yield from (piece for pieces in made_of for piece in pieces & _TELLING.keys() if pieces - {piece} in made_of)
