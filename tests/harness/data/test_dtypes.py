"""Column types are inferred, and cells converted to numbers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pytest

from harness.data.config import ColumnType, Format
from harness.data.decide import Texts, choose, decide
from harness.data.dtypes import to_codes, to_numbers

PLAIN = Format()


def cells(*texts: str | None) -> pd.Series[str]:
    return pd.Series(list(texts), dtype="str")


@pytest.mark.parametrize(
    ("texts", "kind"),
    [
        (["1", "2.5", None], ColumnType.NUMBER),
        (["-1e3", "+.5", " 7 "], ColumnType.NUMBER),
        (["0", "1"], ColumnType.NUMBER),
        (["3", "-", "n.a."], ColumnType.NUMBER),
        (["$5", "-$1,200.50", "($3)"], ColumnType.NUMBER),
        (["12 %", "0", "7%"], ColumnType.NUMBER),
        (["12 %", "0.5"], ColumnType.CATEGORY),
        (["$5", "3 €"], ColumnType.CATEGORY),
        (["36 months", "60 months"], ColumnType.NUMBER),
        (["₹1,23,456.50", "₹12,34,567"], ColumnType.NUMBER),
        (["5 kg", "3 lb"], ColumnType.CATEGORY),
        (["12A", "13A"], ColumnType.CATEGORY),
        (["−1.5", "2"], ColumnType.NUMBER),
        (["9007199254740993", "9007199254740992"], ColumnType.CATEGORY),
        (["9999-12-31", "0001-01-01"], ColumnType.DATE),
        (["01-Jan-24", "02-FEB-2024 10.30.00.000000 PM"], ColumnType.DATE),
        (["01.01.24", "13.12.99"], ColumnType.DATE),
        (["5. März 2024", "3 janvier 2024"], ColumnType.DATE),
        (["Jan-2015", "May 2016"], ColumnType.DATE),
        (["13/01/2024", "01/13/2024"], ColumnType.CATEGORY),
        (["1 234", "12"], ColumnType.NUMBER),
        ([None, None], ColumnType.NUMBER),
        (["01234", "98765"], ColumnType.CATEGORY),
        (["120 80", "110 70"], ColumnType.CATEGORY),
        (["red", "3"], ColumnType.CATEGORY),
        (["yes"], ColumnType.CATEGORY),
        (["yes", "No", None], ColumnType.BOOLEAN),
        (["TRUE", "false"], ColumnType.BOOLEAN),
        (["t", "f"], ColumnType.BOOLEAN),
        (["2024-02-29", "2023-12-31T23:59:59Z"], ColumnType.DATE),
        (["29/02/2024", "1/3/2024"], ColumnType.DATE),
        (["5 Jan 2020", "Feb 7, 2021"], ColumnType.DATE),
        (["2024-02-30"], ColumnType.CATEGORY),
        (["1.2.3"], ColumnType.CATEGORY),
        (["40-49", "5-9"], ColumnType.CATEGORY),
        (["555-12-1234"], ColumnType.CATEGORY),
    ],
)
def test_a_kind_is_what_every_cell_fits(texts: list[str | None], kind: ColumnType) -> None:
    assert decide(column(texts), PLAIN).kind is kind


def column(texts: Sequence[str | None], name: str = "c") -> Texts:
    there = list(dict.fromkeys(text.strip() for text in texts if text))
    return Texts(name, there, np.ones(len(there), np.int64), np.arange(len(there)))


def test_typed_columns_keep_what_they_are() -> None:
    dates = pd.Series(pd.to_datetime(["2020-01-02", None]))
    assert to_numbers(dates, ColumnType.DATE, PLAIN)[0].tolist()[0] == 18263.0
    assert to_numbers(pd.Series([True, False]), ColumnType.BOOLEAN, PLAIN)[0].tolist() == [1.0, 0.0]


def numbers(kind: ColumnType, form: Format, *texts: str | None) -> list[float]:
    read, wrong = to_numbers(cells(*texts), kind, form)
    assert not wrong.any()
    return [None if np.isnan(number) else float(number) for number in read]  # type: ignore[misc]


def test_missing_and_infinite_cells_are_missing() -> None:
    assert (
        numbers(ColumnType.NUMBER, Format(na=("-99",)), "1", None, "?", "NA", "-", "inf", "1e999", "-99")
        == [1.0] + [None] * 7
    )


def test_a_cell_that_does_not_fit_is_distinguished_from_a_missing_one() -> None:
    read, wrong = to_numbers(cells("1", "abc", None), ColumnType.NUMBER, PLAIN)
    assert wrong.tolist() == [False, True, False]
    assert np.isnan(read[1])


@pytest.mark.parametrize(
    ("form", "text", "number"),
    [
        (Format(thousands=","), "1,234,567.5", 1234567.5),
        (Format(decimal=","), "0,123", 0.123),
        (Format(decimal=",", thousands="."), "1.234,5", 1234.5),
        (Format(thousands="'"), "1'234", 1234.0),
        (PLAIN, "1 234 567", 1234567.0),
        (PLAIN, "$ 12.5", 12.5),
    ],
)
def test_numbers_are_read_in_the_style_of_the_file(form: Format, text: str, number: float) -> None:
    assert numbers(ColumnType.NUMBER, form, text) == [number]


def test_a_comma_between_two_choices_is_no_thousands_separator() -> None:
    assert to_numbers(cells("1,2"), ColumnType.NUMBER, Format(thousands=","))[1].all()


@pytest.mark.parametrize(
    ("column", "sep", "style"),
    [
        (["1,234", "12,345.6"], ",", (".", ",")),
        (["1.234,5", "2,5"], ";", (",", ".")),
        (["1,5", "2"], ";", (",", "")),
        (["1,234"], ";", (",", "")),
        (["1,234,567", "2"], ";", (".", ",")),
        (["1.234.567", "2"], ",", (",", ".")),
        (["1.5", "2"], ",", (".", "")),
        (["a", "b", "1,5"], ";", (".", "")),
    ],
)
def test_the_style_of_numbers_is_seen_from_a_column_of_them(
    column: list[str], sep: str, style: tuple[str, str]
) -> None:
    assert chosen([column], sep) == style


def chosen(columns: Sequence[Sequence[str]], sep: str) -> tuple[str, str]:
    decisions = {str(place): decide(column(texts), PLAIN) for place, texts in enumerate(columns)}
    form, _ = choose(decisions, Format(sep=sep), n_points=0)
    return form.decimal, form.thousands


@pytest.mark.parametrize(
    ("columns", "sep", "style"),
    [
        ([["0,126"], ["1,203"], ["8.901,10", "193,5"]], ";", (",", ".")),
        ([["-0,305", "0,5"], ["28.455", "7"]], ";", (",", ".")),
        ([["0.126"], ["1.203"], ["8,901.10", "193.5"]], ",", (".", ",")),
        ([["-0.305", "0.5"], ["-1.25"], ["28,455", "7"]], ";", (".", ",")),
        ([["0,5"], ["28.455"], ["1.2.2024"], ["Dr. No"]], ";", (",", ".")),
        ([["0,5"], ["0,25"], ["28.455", "0.5"]], ";", (",", "")),
        ([["0.5"], ["28.455"]], ",", (".", "")),
        ([["28.455"]], ";", (".", "")),
        ([["1'234"], ["0.5"], ["2.5"]], ";", (".", "'")),
    ],
)
def test_the_decimal_mark_is_that_of_most_columns_and_thousands_may_be_in_one_alone(
    columns: list[list[str]], sep: str, style: tuple[str, str]
) -> None:
    assert chosen(columns, sep) == style


@pytest.mark.parametrize(
    ("texts", "day_first"),
    [
        (["3/4/2024", "13/4/2024"], True),
        (["1.2.2024"], True),
        (["3/4/2024", "4/13/2024"], False),
        (["2024-12-01"], False),
    ],
)
def test_the_day_comes_first_where_a_thirteen_or_a_point_says_so(texts: list[str], day_first: bool) -> None:
    form, notes = choose({"c": decide(column(texts), PLAIN)}, PLAIN, n_points=0)
    assert form.day_first is day_first
    assert not notes


def test_columns_of_two_orders_are_each_read_in_their_own() -> None:
    decisions = {"eu": decide(column(["13/1/2024"]), PLAIN), "us": decide(column(["1/13/2024"]), PLAIN)}
    form, _ = choose(decisions, PLAIN, n_points=0)
    assert (form.day_first, form.notation) == (True, {"us": "month first"})


def test_an_order_that_no_cell_decides_is_reported() -> None:
    _, notes = choose({"c": decide(column(["3/4/2024"]), PLAIN)}, PLAIN, n_points=0)
    assert notes == ["'c' is read as 'month first', though no cell decides it: see [format] in data/dataset.toml"]


def test_a_date_with_its_year_first_never_turns_round() -> None:
    assert numbers(ColumnType.DATE, Format(day_first=True), "2020-01-02", "2/1/2020") == [18263.0, 18263.0]
    assert numbers(ColumnType.DATE, PLAIN, "2020-01-02", "1/2/2020") == [18263.0, 18263.0]


def test_a_date_is_read_with_its_time_zone() -> None:
    assert numbers(ColumnType.DATE, PLAIN, "1970-01-02 00:00", "1970-01-02T02:00+02:00") == [1.0, 1.0]


def test_codes_grow_from_block_to_block() -> None:
    known: dict[str, int] = {}
    assert to_codes(cells("b", "a ", None), known, PLAIN).tolist() == [0, 1, -1]
    assert to_codes(cells("a", "c", "NA "), known, Format(na=("c",))).tolist() == [1, -1, -1]
    assert known == {"b": 0, "a": 1}
