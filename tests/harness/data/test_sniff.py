"""The dialect of a file is inferred."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from harness.data.config import WHITESPACE, Format, TableError
from harness.data.reader import column_names, read_blocks
from harness.data.sniff import Hints, guess_format, survey


def guess(tmp_path: Path, content: str | bytes, target: str = "y", hints: Hints | None = None) -> Format:
    path = tmp_path / "t.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return guess_format(path, survey(path).encoding, target, hints or Hints())


def rows(tmp_path: Path, content: str | bytes, form: Format) -> list[list[str]]:
    path = tmp_path / "t.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return [row for block in read_blocks(path, form) for row in block.fillna("").to_numpy().tolist()]


@pytest.mark.parametrize(
    ("content", "sep"),
    [
        ("a,y\n1,0\n2,1\n", ","),
        ("a;y\n1,5;0\n2,5;1\n", ";"),
        ("a\ty\nx, z\t0\nx, z\t1\n", "\t"),
        ("a|y\n1|0\n", "|"),
        ("1   2\n3 4\n", WHITESPACE),
        ('a,y\n"x;z",0\n"x;z",1\n', ","),
        ("a,y\nMr; A,0\nMr; B,1\n", ","),
        ("y\n1\n0\n", ","),
    ],
)
def test_the_separator_is_the_one_that_cuts_even_rows(tmp_path: Path, content: str, sep: str) -> None:
    assert guess(tmp_path, content).sep == sep


def test_a_separator_that_is_reported_is_not_guessed(tmp_path: Path) -> None:
    assert guess(tmp_path, "a,y\n1,0\n", hints=Hints(sep=";")).sep == ";"


@pytest.mark.parametrize(
    ("content", "header"),
    [
        ("a,y\n1,0\n", True),
        ("2019,2020\n1,0\n", False),
        ("red,1\nblue,0\nred,1\n", False),
        ("red,no\nblue,yes\nred,no\n", False),
        ("colour,churn\nblue,yes\nred,no\n", True),
        (",a,b\n0,x,y\n1,z,y\n", True),
    ],
)
def test_a_first_row_that_could_be_data_is_data(tmp_path: Path, content: str, header: bool) -> None:
    assert guess(tmp_path, content).header is header


def test_a_first_row_that_names_the_target_is_a_header(tmp_path: Path) -> None:
    assert guess(tmp_path, "2019,2020\n1,0\n", target="2020").header


def test_a_header_that_is_reported_is_not_guessed(tmp_path: Path) -> None:
    assert not guess(tmp_path, "a,y\n1,0\n", hints=Hints(header=False)).header


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        ("a,y\né,0\n".encode(), "utf-8"),
        ("\ufeffa,y\né,0\n".encode(), "utf-8"),
        ("a,y\né,0\n".encode("latin-1"), "cp1252"),
        ("a,y\n€,0\n".encode("cp1252"), "cp1252"),
        (b"a,y\n\x81,0\n", "latin-1"),
        ("a,y\né,0\n".encode("utf-16"), "utf-16"),
    ],
)
def test_the_encoding_is_one_that_reads_every_byte(tmp_path: Path, content: bytes, encoding: str) -> None:
    form = guess(tmp_path, content)
    assert form.encoding == encoding
    assert column_names(tmp_path / "t.csv", form) == ["a", "y"]
    read = rows(tmp_path, content, form)
    assert read[0][0] in {"é", "€", "\x81"}


def test_an_odd_letter_far_down_decides_the_encoding(tmp_path: Path) -> None:
    content = b"a,y\n" + b"x,0\n" * 400_000 + "é,1\n".encode("latin-1")
    assert guess(tmp_path, content).encoding == "cp1252"


def test_a_byte_order_mark_and_windows_line_ends_are_no_part_of_a_cell(tmp_path: Path) -> None:
    content = b"\xef\xbb\xbfa,y\r\nx,0\r\nz,1\r\n"
    form = guess(tmp_path, content)
    assert column_names(tmp_path / "t.csv", form) == ["a", "y"]
    assert rows(tmp_path, content, form) == [["x", "0"], ["z", "1"]]


@pytest.mark.parametrize(
    ("content", "names"),
    [
        ("a,a,,b c \n1,2,3,4\n", ["a", "a_2", "x3", "b c"]),
        ('"a\nb",y\n1,2\n', ["a b", "y"]),
        ("a,b\nr1,1,2\nr2,3,4\n", ["x1", "a", "b"]),
        ("a,b\n1,2,\n3,4,\n", ["a", "b", "x3"]),
        ("a,b\n1,2,,\n3,4,,\n3,4\n", ["a", "b", "x3", "x4"]),
    ],
)
def test_every_column_has_a_name_of_its_own(tmp_path: Path, content: str, names: list[str]) -> None:
    guess(tmp_path, content)
    assert column_names(tmp_path / "t.csv", Format()) == names


def test_quotes_hold_separators_line_ends_and_quotes(tmp_path: Path) -> None:
    assert rows(tmp_path, 'a,y\n"1,5\n""x""",0\n', Format()) == [['1,5\n"x"', "0"]]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("a,y\n1,2\n1,2,3\n", "line 3 has 3 cells, but the header has 2"),
        ("a,y\n1,2,3\n1,2\n1,2\n", "line 2 has 3 cells, but the header has 2"),
        ("# by me\n\na,b,y\n1,2,3\n3,4,5\n", "line 3 has 3 cells, but the header has 1"),
        ("a,b,y\n1,2,3,4,1\n1,2,0\n" * 2, "line 2 has 5 cells, but the header has 3"),
        ('a,y\n"1\n",2\n\n1,2,3\n', "line 5 has 3 cells"),
        ('a,y\n"1",2\n\n' + "1,2\n" * 300 + "1,2,3\n", "line 304 has 3 cells"),
        ("a,b\nr1,1,2\nr2,3,4\n3,4\n", "line 2 has 3 cells, but the header has 2"),
        ('a,y\n"1,2\n', "EOF inside string"),
    ],
)
def test_a_torn_table_is_refused_in_one_line(tmp_path: Path, content: str, expected: str) -> None:
    with pytest.raises(TableError, match=expected) as caught:
        rows(tmp_path, content, Format())
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "the file is empty"),
        (bytes(range(256)), "the file is neither text nor Parquet"),
        (gzip.compress(b"a,y\n1,0\n", mtime=0)[:-9], "Save the table as CSV"),
        (b"PK\x03\x04 no archive", "Save the table as CSV"),
        (b"\x1f\x8bno gzip", "Save the table as CSV"),
    ],
)
def test_what_is_no_text_is_refused_in_one_line(tmp_path: Path, content: bytes, expected: str) -> None:
    with pytest.raises(TableError, match=expected):
        guess(tmp_path, content)


def test_a_folder_is_refused_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(TableError, match="the file cannot be read"):
        survey(tmp_path)


def test_late_text_in_a_column_of_numbers_comes_as_text(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("a,y\n" + "1.5,0\n" * 2500 + "x,1\n")
    blocks = list(read_blocks(path, Format(), numbers=["a"], n_rows=1000))
    assert [len(block) for block in blocks] == [1000, 1000, 501]
    assert [block["a"].dtype.kind == "f" for block in blocks] == [True, True, False]
    assert blocks[2]["a"].iloc[-1] == "x"
