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
        ("name = ", "not valid TOML: "),
        (TOP + "nmae = 1\n" + KINDS, "unknown field nmae. Known are name, source"),
        (TOP.replace('"t"', "7") + KINDS, "name is 7, but must be letters, digits"),
        (TOP.replace('"t"', '"../t"') + KINDS, "name is '../t', but must be letters, digits"),
        (TOP.replace(SHA256, "12") + KINDS, "sha256 is '12', but must be 64 hexadecimal digits"),
        (TOP.replace('target = "y"', ""), "target is missing, but must be the name of a column"),
        (TOP, "[kinds] names no feature column"),
        (TOP + "kinds = 3\n", "kinds is 3, but must be a table [kinds]"),
        (TOP + '[kinds]\na = "numbr"\n', "kinds.a is 'numbr', but must be 'number' or "),
        (TOP + 'drop = "a"\n' + KINDS, "drop is 'a', but must be a list of text in quotes"),
        (TOP + 'drop = ["a"]\n' + KINDS, "column 'a' is both in kinds and in drop"),
        (TOP + 'group = "y"\n' + KINDS, "column 'y' is both in target and in group"),
        (TOP + 'time = "t"\n' + KINDS, "time is 't', but must be a column with a kind and no other role"),
        (TOP + 'group = "g"\ntime = "t"\n' + KINDS + 't = "date"\n', "group and time cannot be combined"),
        (TOP + 'duplicates = "no"\n' + KINDS, "duplicates is 'no', but must be 'together' or 'apart'"),
        (TOP + KINDS + '[format]\nsep = "ab"\n', "format.sep is 'ab', but must be one character"),
        (
            TOP + KINDS + '[format]\nencoding = "rot13"\n',
            "format.encoding is 'rot13', but must be the name of a text encoding",
        ),
        (TOP + KINDS + "[format]\nheader = 1\n", "format.header is 1, but must be true or false"),
        (TOP + KINDS + '[format]\nquote = "x"\n', "unknown field format.quote. Known are sep"),
    ],
)
def test_a_wrong_card_is_refused_in_one_line_that_says_what_and_how_to_go_on(text: str, expected: str) -> None:
    with pytest.raises(TableError) as caught:
        parse_card(text)
    message = str(caught.value)
    assert message.startswith(f"{CARD}: ")
    assert expected in message
    assert message.endswith("run: uv run prepare.py --reset")
    assert "\n" not in message


def test_no_card_says_how_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(TableError, match=r"the file is missing\. Run: uv run prepare\.py --reset"):
        read_card(tmp_path)


def test_a_card_of_other_bytes_is_refused(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / CARD).write_bytes(b"\xff\xfe\x00")
    with pytest.raises(TableError, match="not valid TOML"):
        read_card(tmp_path)


def test_a_card_is_written_whole_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    write_card(tmp_path, DEFAULT)
    write_card(tmp_path, DEFAULT)
    assert [path.name for path in (tmp_path / "data").iterdir()] == ["dataset.toml"]
    assert read_card(tmp_path) == parse_card(DEFAULT)


def test_the_card_that_reset_writes_reads_the_default_table() -> None:
    assert parse_card(DEFAULT).name == "heart"
    assert (ROOT / CARD).read_text(encoding="utf-8") == DEFAULT
