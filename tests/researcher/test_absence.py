from __future__ import annotations

import pytest

from researcher.absence import idle_pieces
from researcher.edits import member_of
from researcher.recipe import Member, Recipe

PLAIN = Recipe()
BENT = Recipe(members=(Member(numbers="hinges"),))
BLEND = Recipe(members=(Member(), member_of("forest")))


def test_bent_lines_that_change_nothing_tell_that_there_are_no_numbers() -> None:
    idle = idle_pieces([(PLAIN, 0.8), (BENT, 0.8)])
    assert {"hinges", "splines", "ratios", "power", "zero_flags"} <= idle
    assert "target" not in idle


def test_a_target_rate_that_changes_nothing_tells_that_there_are_no_categories() -> None:
    coded = Recipe(members=(Member(categories="target"), member_of("forest")))
    assert idle_pieces([(BLEND, 0.8), (coded, 0.8)]) == {"target", "category_pairs", "numbers_in_names"}


def test_a_count_of_gaps_that_changes_nothing_tells_that_there_are_none() -> None:
    assert idle_pieces([(PLAIN, 0.8), (Recipe(("missing_count",)), 0.8)]) == {"missing_count", "flags"}


@pytest.mark.parametrize(
    "measured",
    [
        [],
        [(PLAIN, 0.8)],
        [(PLAIN, 0.8), (BENT, 0.8000001)],
        [(PLAIN, 0.8), (Recipe(("zero_flags",)), 0.8)],
        [(PLAIN, 0.8), (Recipe(("ratios",), BENT.members), 0.8)],
        [(PLAIN, 0.8), (Recipe(members=(member_of("forest"),)), 0.8)],
        [(BENT, 0.8), (Recipe(members=(Member(numbers="splines"),)), 0.8)],
    ],
    ids=["nothing", "one", "nearly the same", "no zeros", "two differences", "another family", "two of a subject"],
)
def test_nothing_else_tells_anything(measured: list[tuple[Recipe, float]]) -> None:
    assert idle_pieces(measured) == frozenset()
