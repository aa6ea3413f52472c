from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from researcher.recipe import Blend, Member, Recipe, from_json, parse_note, to_json, write_note

MEMBERS = st.builds(
    Member,
    family=st.sampled_from(["logistic", "svm", "forest"]),
    params=st.lists(st.tuples(st.sampled_from(["C", "p"]), st.floats(0.1, 9.0) | st.none())).map(tuple),
    numbers=st.sampled_from(["standard", "raw"]),
    codes=st.booleans(),
    steps=st.lists(st.sampled_from(["pca", "pairs"])).map(tuple),
    bags=st.integers(0, 20),
)
RECIPES = st.builds(
    Recipe,
    features=st.lists(st.text(max_size=8)).map(tuple),
    members=st.lists(MEMBERS, min_size=1, max_size=3).map(tuple),
    blend=st.sampled_from(Blend),
    hand=st.text(max_size=8),
)


@given(RECIPES)
def test_a_recipe_survives_the_journal(recipe: Recipe) -> None:
    note = write_note(recipe, idea="any")
    assert "\n" not in note
    assert parse_note(note) == recipe


def test_a_number_that_is_a_tuple_comes_back_as_one() -> None:
    recipe = Recipe(members=(Member("network", params=(("hidden_layer_sizes", (8,)),)),))
    assert parse_note(write_note(recipe)) == recipe


def test_what_is_at_its_default_is_left_out() -> None:
    assert to_json(Recipe()) == {"members": [{}]}


@pytest.mark.parametrize(
    "note",
    [
        "",
        "tried a bigger forest",
        "[]",
        "3",
        "{}",
        '{"recipe": null}',
        '{"recipe": {"members": 3}}',
        '{"recipe": {"members": [3]}}',
        '{"recipe": {"members": [{"colour": 1}]}}',
        '{"recipe": {"members": [], "blend": "soup"}}',
        '{"recipe": {"members": [{}], "features": {"a": [1]}}}',
        '{"recipe": {"members": [{"steps": {"a": 1}}]}}',
        '{"recipe": {"members": [{"params": "ab"}]}}',
        '{"recipe": {"members": [{"bags": "many"}]}}',
    ],
)
def test_a_note_of_somebody_else_holds_no_recipe(note: str) -> None:
    assert parse_note(note) is None


def test_a_recipe_is_made_of_its_pieces() -> None:
    trees = Member("forest", numbers="raw", categories="ordinal", bags=5)
    assert Recipe(("ratios",), (trees,)).pieces == {"ratios", "forest", "raw", "ordinal", "forest bagged"}
    marked = Recipe(members=(Member(codes=True, flags=True, steps=("pca",)), trees))
    assert {"codes", "flags", "pca", "vote"} <= marked.pieces


def test_anything_but_an_object_is_refused() -> None:
    with pytest.raises(TypeError, match="no object with a list of members"):
        from_json(json.loads("[1]"))
