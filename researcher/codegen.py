"""Write a recipe as a train.py that a student can read: only what is needed, top to bottom.

Covered: every recipe that `is_renderable` accepts; the formatter leaves the text as it is.
Not covered: whether the idea is any good, which the harness measures.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TypeAlias

from researcher.expressions import KNOWN, call, import_block, literal, statement
from researcher.features import ROW_FEATURES, in_order
from researcher.recipe import Blend, Member, Recipe
from researcher.space import model_call
from researcher.train_contract import BY_HAND, PLAIN_FRAME, FrozenParts, HandWork
from researcher.transforms import (
    column_statements,
    column_transformer,
    columns_phrase,
    columns_word,
    is_sound,
    step_calls,
    takes_sparse,
)

# The name of a model inside a blend, and the expression that builds it.
Seat: TypeAlias = tuple[str, str]

_SELECTORS = '''\
def few_values(X):
    """Return the numeric columns with at most ten distinct values, which may be codes and not amounts."""
    numbers = X.select_dtypes("number")
    return [name for name in numbers if numbers[name].nunique() <= 10]


def many_values(X):
    """Return the other numeric columns."""
    numbers = X.select_dtypes("number")
    return [name for name in numbers if numbers[name].nunique() > 10]
'''
_FEATURE_FN = '''\
def feature_fn(X):
    """Return the features of each row of X; what a row becomes depends on that row alone."""
'''
_BUILD_PIPELINE = '''\
def build_pipeline():
    """Return a fresh, unfitted classifier; everything learned from rows lives in here."""
'''


def is_renderable(recipe: Recipe) -> bool:
    """Whether every piece of the recipe exists and fits. A note in a journal is input and may hold anything."""
    known_features = list(recipe.features) == [name for name in ROW_FEATURES if name in recipe.features]
    return known_features and bool(recipe.members) and all(is_sound(member) for member in recipe.members)


def render(recipe: Recipe, hypothesis: str, *, frame: FrozenParts = PLAIN_FRAME, hand: HandWork | None = None) -> str:
    """Return the train.py of the recipe, with the frozen parts of `frame` and the hand-written features of `hand`."""
    functions = [*_helpers(recipe.members, recipe.features, hand), _feature_fn(recipe.features, hand), *_build(recipe)]
    return _assemble(hypothesis, functions, frame=frame, hand=hand)


def render_committee(
    recipes: Sequence[Recipe], hypothesis: str, *, frame: FrozenParts = PLAIN_FRAME, hand: HandWork | None = None
) -> str:
    """Return the train.py whose pipeline is the mean of the recipes' probabilities, each on its own row features.

    A model that several recipes share is fitted once, with their weight.
    """
    shares = _shares(recipes)
    single = {recipe: recipe.members[0].family for recipe in shares if len(recipe.members) == 1}
    seats = _each_name_once([(single.get(recipe, str(recipe.blend)), _with_features(recipe)) for recipe in shares])
    weights = tuple(round(share, 2) for share in shares.values())
    members = [member for recipe in shares for member in recipe.members]
    functions = [
        *_helpers(members, in_order({feature for recipe in shares for feature in recipe.features}), hand),
        _feature_fn((), None),
        _BUILD_PIPELINE + _seated(seats, Blend.VOTE, weights=weights),
        *_views(members),
    ]
    return _assemble(hypothesis, functions, frame=frame, hand=hand)


def _shares(recipes: Sequence[Recipe]) -> dict[Recipe, float]:
    """The weight of each model: a recipe has weight 1, and a vote shares it among its members."""
    shares: dict[Recipe, float] = {}
    for recipe in recipes:
        is_vote = recipe.blend is Blend.VOTE
        seats = [replace(recipe, members=(member,)) for member in recipe.members] if is_vote else [recipe]
        for seat in seats:
            shares[seat] = shares.get(seat, 0.0) + 1 / len(seats)
    return shares


def _assemble(hypothesis: str, functions: Iterable[str], *, frame: FrozenParts, hand: HandWork | None) -> str:
    code = "\n\n\n".join(function.rstrip("\n") for function in functions)
    imports = import_block(code, {**KNOWN, **hand.imports} if hand else KNOWN)
    head = f"{frame.docstring}\n\n{imports}\n\n{statement('HYPOTHESIS = ', literal(hypothesis), indent=0)}"
    return f"{head}\n\n\n{code}\n\n\n{frame.last_block}\n"


def _helpers(members: Iterable[Member], features: Iterable[str], hand: HandWork | None) -> list[str]:
    """The selectors of columns, the hand-written code, then the helpers that it does not define itself."""
    selectors = [_SELECTORS] if any(member.codes for member in members) else []
    defined = hand.names if hand else frozenset()
    pieces = [ROW_FEATURES[name] for name in features]
    own = [hand.source] if hand else []
    return selectors + own + [piece.source for piece in pieces if piece.function not in defined]


def _functions(features: Iterable[str], *, has_hand: bool) -> list[str]:
    return [BY_HAND] * has_hand + [ROW_FEATURES[name].function for name in features]


def _feature_fn(features: Iterable[str], hand: HandWork | None) -> str:
    functions = _functions(features, has_hand=hand is not None)
    if not functions:
        return f"{_FEATURE_FN}    return X"
    *first, last = functions
    steps = [f"    X = {function}(X)" for function in first]
    return _FEATURE_FN + "\n".join([*steps, f"    return {last}(X)"])


def _build(recipe: Recipe) -> list[str]:
    """build_pipeline, followed by the functions that it calls."""
    if len(recipe.members) > 1:
        return [_BUILD_PIPELINE + _seated(_seats(recipe), recipe.blend), *_views(recipe.members)]
    member = recipe.members[0]
    lines = _column_lines(member, "columns = ", dense=not takes_sparse(member))
    return [_BUILD_PIPELINE + "\n".join([*lines, statement("return ", _pipeline("columns", member))])]


def _column_lines(member: Member, last: str, *, dense: bool) -> list[str]:
    lines = [statement(f"{name} = ", expression) for name, expression in column_statements(member, dense=dense)]
    return [*lines, statement(last, column_transformer(member))]


def _views(members: Iterable[Member]) -> list[str]:
    """One function for each distinct preprocessing; members with the same one share it."""
    return [
        f'def {name}():\n    """Return the columns: {columns_phrase(member)}."""\n'
        + "\n".join(_column_lines(member, "return ", dense=True))
        for name, member in {columns_word(member): member for member in members}.items()
    ]


def _pipeline(columns: str, member: Member, *features: str, with_probabilities: bool = False) -> str:
    model = model_call(member, with_probabilities=with_probabilities)
    return call("make_pipeline", *features, columns, *step_calls(member), model)


def _seats(recipe: Recipe) -> list[Seat]:
    is_vote = recipe.blend is Blend.VOTE
    columns = [call(columns_word(member)) for member in recipe.members]
    models = [_pipeline(c, m, with_probabilities=is_vote) for c, m in zip(columns, recipe.members, strict=True)]
    return _each_name_once([(member.family, model) for member, model in zip(recipe.members, models, strict=True)])


def _each_name_once(seats: Sequence[Seat]) -> list[Seat]:
    names = [name for name, _ in seats]
    counts = [names[: at + 1].count(name) for at, name in enumerate(names)]
    return [(f"{name}_{n}" if n > 1 else name, model) for n, (name, model) in zip(counts, seats, strict=True)]


def _seated(seats: Sequence[Seat], blend: Blend, *, weights: tuple[float, ...] = ()) -> str:
    """The body of build_pipeline: a variable for each model, and the blend of them returned."""
    lines = [statement(f"{name} = ", model) for name, model in seats]
    named = [(name, name) for name, _ in seats]
    return "\n".join([*lines, statement("return ", _blend(named, blend, weights))])


def _blend(seats: Iterable[Seat], blend: Blend, weights: tuple[float, ...] = ()) -> str:
    listed = ", ".join(f'("{name}", {model})' for name, model in seats)
    if blend is Blend.STACK:
        return f"StackingClassifier([{listed}], final_estimator=LogisticRegression(), cv=3)"
    uneven = f", weights={list(weights)}" if len(set(weights)) > 1 else ""
    return f'VotingClassifier([{listed}], voting="soft"{uneven})'


def _with_features(recipe: Recipe) -> str:
    """The recipe as one estimator that includes its row features."""
    functions = _functions(recipe.features, has_hand=bool(recipe.hand))
    features = [call("FunctionTransformer", function) for function in functions]
    if len(recipe.members) > 1:
        stack = _blend(_seats(recipe), recipe.blend)
        return call("make_pipeline", *features, stack) if features else stack
    member = recipe.members[0]
    return _pipeline(call(columns_word(member)), member, *features, with_probabilities=True)
