from __future__ import annotations

import pytest

from researcher.recipe import Member
from researcher.transforms import CATEGORIES, NUMBERS, columns_phrase, columns_word, is_sound

TREE = Member("forest", numbers="raw", categories="ordinal")


@pytest.mark.parametrize(
    "member",
    [
        Member(),
        Member(numbers="hinges", steps=("select_half", "pairs"), codes=True, flags=True),
        Member("network", bags=5, numbers="rank_gauss"),
        TREE,
        Member("forest", numbers="standard", steps=("prototypes",)),
        Member(params=(("C", 0.1),)),
    ],
)
def test_pieces_that_fit_are_sound(member: Member) -> None:
    assert is_sound(member)


@pytest.mark.parametrize(
    ("member", "why"),
    [
        (Member("oracle"), "no such family"),
        (Member(numbers="sorted"), "no such preparation"),
        (Member(categories="guessed"), "no such coding"),
        (Member(steps=("magic",)), "no such step"),
        (Member(steps=("pairs", "select_half")), "steps out of order"),
        (Member(steps=("select_half", "select_quarter")), "selected twice"),
        (Member(numbers="raw"), "a linear model takes no gaps"),
        (Member(categories="ordinal"), "numbered categories have no order for a line"),
        (Member("svm", numbers="bins"), "bins have no distance"),
        (Member("forest", numbers="raw", steps=("prototypes",)), "distances take no gaps"),
        (Member("forest", numbers="raw", flags=True), "flags come from the imputer"),
        (Member("svm", bags=5), "a bag of scores is no probability"),
        (Member(params=(("C", 0.123),)), "no such notch"),
        (Member(params=(("depth", 3),)), "no such knob"),
        (Member(bags=7), "no such number of bags"),
    ],
)
def test_pieces_that_do_not_fit_are_not(member: Member, why: str) -> None:
    assert not is_sound(member), why


def test_a_view_is_named_after_what_it_does() -> None:
    assert columns_word(Member()) == "scaled_columns"
    assert columns_word(TREE) == "raw_numbered_columns"
    assert columns_phrase(Member(flags=True)) == "numbers standardized, categories one-hot, gaps flagged"


def test_every_view_fits_on_a_docstring_line() -> None:
    views = [
        columns_phrase(Member(numbers=numbers, categories=categories, codes=True, flags=True))
        for numbers in NUMBERS
        for categories in CATEGORIES
    ]
    assert max(map(len, views)) + len('    """Return the columns: ."""') <= 120
