"""Read and write data/dataset.toml."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.data.config import (
    CARD,
    DEFAULT_CARD,
    Card,
    ColumnType,
    Duplicates,
    Format,
    TableError,
    card_text,
    parse_card,
    read_card,
    write_card,
)

ROOT = Path(__file__).resolve().parents[3]
SHA256 = "0" * 64
TOP = f'name = "t"\nsource = "t.csv"\ntarget = "y"\nsha256 = "{SHA256}"\n'
DEFAULT = (ROOT / DEFAULT_CARD).read_text(encoding="utf-8")
KINDS = '[kinds]\na = "number"\n'

names = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)


@given(
    columns=st.lists(names, min_size=4, max_size=9, unique=True),
    kinds=st.lists(st.sampled_from(ColumnType), min_size=2, max_size=6),
    positive=names,
    na=st.lists(names, max_size=3),
)
def test_what_is_written_is_read_back(
    columns: list[str], kinds: list[ColumnType], positive: str, na: list[str]
) -> None:
    target, group, *others = columns
    card = Card(
        name="t-1.b",
        source="some where/ü.csv",
        target=target,
        sha256=SHA256,
        kinds=dict(zip(others, kinds, strict=False)),
        positive=positive,
        drop=tuple(others[len(kinds) :]),
        group=group,
        duplicates=Duplicates.APART,
        format=Format(
            sep="\t", header=False, encoding="cp1252", decimal=",", thousands=".", day_first=True, na=tuple(na)
        ),
    )
    assert parse_card(card_text(card)) == card


def test_defaults_are_left_out() -> None:
    card = parse_card(TOP + KINDS)
    assert "group" not in card_text(card)
    assert "[format]" not in card_text(card)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("name = ", "expected TOML"),
        (TOP + "nmae = 1\n" + KINDS, "in nmae, got an unknown field"),
        (TOP.replace('"t"', "7") + KINDS, "in name, got 7"),
        (TOP.replace('"t"', '"../t"') + KINDS, "in name, got '../t'"),
        (TOP.replace(SHA256, "12") + KINDS, "expected 64 hexadecimal digits in sha256, got '12'"),
        (TOP.replace('target = "y"', ""), "in target, got nothing"),
        (TOP, "expected a column to learn from"),
        (TOP + "kinds = 3\n", "expected lines under [kinds] in kinds, got 3"),
        (TOP + '[kinds]\na = "numbr"\n', "in kinds.a, got 'numbr'"),
        (TOP + 'drop = "a"\n' + KINDS, "expected a list of texts in quotes in drop, got 'a'"),
        (TOP + 'drop = ["a"]\n' + KINDS, "that kinds does not name too in drop, got 'a'"),
        (TOP + 'group = "y"\n' + KINDS, "that target does not name too in group, got 'y'"),
        (TOP + 'time = "t"\n' + KINDS, "expected a column with a kind and no other task in time, got 't'"),
        (TOP + 'group = "g"\ntime = "t"\n' + KINDS + 't = "date"\n', "a group or a time, not both in time"),
        (TOP + 'duplicates = "no"\n' + KINDS, "expected 'together' or 'apart' in duplicates, got 'no'"),
        (TOP + KINDS + '[format]\nsep = "ab"\n', "in format.sep, got 'ab'"),
        (TOP + KINDS + '[format]\nencoding = "rot13"\n', "in format.encoding, got 'rot13'"),
        (TOP + KINDS + "[format]\nheader = 1\n", "expected true or false in format.header, got 1"),
        (TOP + KINDS + '[format]\nquote = "x"\n', "in format.quote, got an unknown field"),
    ],
)
def test_a_wrong_card_is_refused_in_one_line_that_says_what_and_how_to_go_on(text: str, expected: str) -> None:
    with pytest.raises(TableError) as caught:
        parse_card(text)
    message = str(caught.value)
    assert message.startswith(f"{CARD}: expected ")
    assert expected in message
    assert message.endswith("run: uv run prepare.py --reset")
    assert "\n" not in message


def test_no_card_says_how_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(TableError, match=r"got no file\. Run: uv run prepare\.py --reset"):
        read_card(tmp_path)


def test_a_card_of_other_bytes_is_refused(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / CARD).write_bytes(b"\xff\xfe\x00")
    with pytest.raises(TableError, match="expected TOML"):
        read_card(tmp_path)


def test_a_card_is_written_whole_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    write_card(tmp_path, DEFAULT)
    write_card(tmp_path, DEFAULT)
    assert [path.name for path in (tmp_path / "data").iterdir()] == ["dataset.toml"]
    assert read_card(tmp_path) == parse_card(DEFAULT)


def test_the_card_that_reset_writes_reads_the_default_table() -> None:
    assert parse_card(DEFAULT).name == "heart"
    assert (ROOT / CARD).read_text(encoding="utf-8") == DEFAULT
