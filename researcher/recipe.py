"""The parts of an experiment: row features, and one or more models, each with its own preprocessing.

A recipe is a plain value. The journal stores it as the note of the experiment, so that the history of a run is all that
the researcher needs.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any

from researcher.expressions import Value


class IdeaKind(StrEnum):
    """The kinds of idea, as the engine's bandit names them."""

    FEATURES = "features"
    PREPROCESSING = "preprocessing"
    FAMILY = "model family"
    HYPERPARAMETERS = "hyperparameters"
    ENSEMBLING = "ensembling"
    SIMPLIFY = "simplify"


class Blend(StrEnum):
    """How the predictions of several members are combined."""

    VOTE = "vote"
    STACK = "stack"


@dataclass(frozen=True, slots=True)
class Member:
    """One model and its preprocessing; every field names a piece in transforms.py or space.py."""

    family: str = "logistic"
    params: tuple[tuple[str, Value], ...] = ()
    numbers: str = "standard"
    categories: str = "onehot"
    codes: bool = False
    flags: bool = False
    steps: tuple[str, ...] = ()
    bags: int = 0

    @property
    def pieces(self) -> frozenset[str]:
        """The names of all its pieces."""
        bagged = [f"{self.family} bagged"] * bool(self.bags)
        marks = ["codes"] * self.codes + ["flags"] * self.flags
        return frozenset([self.family, self.numbers, self.categories, *self.steps, *marks, *bagged])


@dataclass(frozen=True, slots=True)
class Recipe:
    """A whole train.py: the row features that all members share, the members, and how they are combined.

    `hand` is the digest of a hand-written feature_fn that the recipe keeps, or "".
    """

    features: tuple[str, ...] = ()
    members: tuple[Member, ...] = (Member(),)
    blend: Blend = Blend.VOTE
    hand: str = ""

    @property
    def families(self) -> frozenset[str]:
        """The model families of its members."""
        return frozenset(member.family for member in self.members)

    @property
    def pieces(self) -> frozenset[str]:
        """The names of all its pieces."""
        blend = [str(self.blend)] if len(self.members) > 1 else []
        return frozenset([*self.features, *blend]).union(*(member.pieces for member in self.members))


def to_json(recipe: Recipe) -> dict[str, Any]:
    """Return the recipe as a JSON object without the fields that have their default."""
    packed = _without_defaults(recipe, Recipe())
    packed["members"] = [_without_defaults(member, Member()) for member in recipe.members]
    return packed


def from_json(packed: Any) -> Recipe:
    """Return the recipe that `to_json` packed; raise ValueError or TypeError for anything else."""
    if not isinstance(packed, dict) or not isinstance(packed.get("members"), list):
        raise TypeError("recipe: the value is no object with a list of members")
    rest = {key: _frozen(value) for key, value in packed.items() if key not in {"members", "blend"}}
    members = tuple(map(_member, packed["members"]))
    recipe = Recipe(**rest, members=members, blend=Blend(packed.get("blend", Blend.VOTE)))
    if not (_has_types_of(recipe, Recipe()) and all(isinstance(feature, str) for feature in recipe.features)):
        raise TypeError("recipe: features is no list of strings, or hand is no string")
    return recipe


def parse_note(note: str) -> Recipe | None:
    """Return the recipe in an experiment's note, or None; other agents write notes of their own."""
    try:
        return from_json(json.loads(note)["recipe"])
    except (ValueError, TypeError, KeyError, AttributeError):
        return None


def write_note(recipe: Recipe, **more: str | int) -> str:
    """Return the one-line note that `parse_note` reads."""
    return json.dumps({"recipe": to_json(recipe), **more}, separators=(",", ":"))


def _without_defaults(value: Recipe | Member, default: Recipe | Member) -> dict[str, Any]:
    found = {item.name: getattr(value, item.name) for item in fields(value)}
    return {name: one for name, one in found.items() if one != getattr(default, name)}


def _member(packed: Any) -> Member:
    if not isinstance(packed, dict):
        raise TypeError("recipe: a member is no object")
    member = Member(**{key: _frozen(value) for key, value in packed.items()})
    has_pairs = all(isinstance(pair, tuple) and len(pair) == 2 and isinstance(pair[0], str) for pair in member.params)
    are_words = all(isinstance(step, str) for step in member.steps)
    if not (_has_types_of(member, Member()) and are_words and has_pairs):
        raise TypeError("recipe: a member has steps that are no strings, or params that are no pairs")
    hash(member)
    return member


def _has_types_of(value: Recipe | Member, default: Recipe | Member) -> bool:
    return all(type(getattr(value, item.name)) is type(getattr(default, item.name)) for item in fields(value))


def _frozen(value: Any) -> Any:
    return tuple(_frozen(item) for item in value) if isinstance(value, list) else value
