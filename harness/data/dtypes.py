"""Infer the type of a column, and convert its cells to numbers or codes, each cell independently of the others."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from harness.data.config import ColumnType, Format
from harness.data.reader import MISSING

Numbers = np.ndarray[Any, np.dtype[np.float64]]
Codes = np.ndarray[Any, np.dtype[np.int32]]

YES_NO = (("true", "false"), ("yes", "no"), ("y", "n"), ("t", "f"))
LARGEST = 3e38  # the limit of float32, in which tree models hold features
NO_NUMBER = frozenset({"-", "--", ".", "*", "n.a.", "missing", "unknown", "none"})  # markers of a missing number
ORNAMENTS = re.compile(r"^[$€£]\s*|\s*[$€£%]$")
BLANK_THOUSANDS = re.compile(r"(?<=\d)[ \u00a0\u202f](?=\d{3}(?!\d))")
LEADING_ZERO = re.compile(r"0\d+")  # 01234 is a postal code, 0 and 0.5 are numbers
CLOCK = r"([ T]\d{1,2}:\d{2}(:\d{2}([.,]\d+)?)?( ?[AaPp][Mm])?( ?(Z|UTC|[+-]\d{2}:?\d{2}))?)?"
DATE = re.compile(
    rf"(\d{{4}}([-/.])\d{{1,2}}\2\d{{1,2}}|\d{{4}}-\d{{2}}|\d{{1,2}}([-/.])\d{{1,2}}\3\d{{4}}|\d{{1,2}}/\d{{1,2}}/\d{{2}}"
    rf"|\d{{1,2}}[- ][A-Za-z]{{3,9}}[- ]\d{{4}}|[A-Za-z]{{3,9}} \d{{1,2}},? \d{{4}}){CLOCK}"
)


def guess_kind(cells: pd.Series[Any], form: Format) -> ColumnType:
    """Infer the type of a column: the first one that fits every cell, else a category.

    An empty column counts as numbers. Codes with leading zeros are categories, and so is a column of yes alone.
    """
    values = _distinct(cells)
    if pd.api.types.is_bool_dtype(cells.dtype):
        return ColumnType.BOOLEAN
    if pd.api.types.is_datetime64_any_dtype(cells.dtype):
        return ColumnType.DATE
    if pd.api.types.is_numeric_dtype(cells.dtype) or not len(values):
        return ColumnType.NUMBER
    text = values.astype(str).str.strip()
    if form.decimal == "." and pd.to_numeric(text, errors="coerce").notna().all():  # a fast path for most columns
        return ColumnType.CATEGORY if _has_leading_zero(text) else ColumnType.NUMBER
    if set(text.str.lower()) in [set(pair) for pair in YES_NO]:
        return ColumnType.BOOLEAN
    if all(map(DATE.fullmatch, text)) and not to_numbers(text, ColumnType.DATE, form)[1].any():
        return ColumnType.DATE
    numbers, wrong = to_numbers(text, ColumnType.NUMBER, form)
    is_text = wrong.any() or np.isnan(numbers).all() or _has_leading_zero(text)
    return ColumnType.CATEGORY if is_text else ColumnType.NUMBER


def to_numbers(
    cells: pd.Series[Any], kind: ColumnType, form: Format
) -> tuple[Numbers, np.ndarray[Any, np.dtype[np.bool_]]]:
    """Return the cells as float64, NaN for a missing, infinite or misfit one, and a mask of the misfits."""
    if kind is ColumnType.NUMBER and cells.dtype == np.float64:
        numbers = cells.to_numpy(np.float64)
        is_there = np.isfinite(numbers) & ~np.isin(numbers, [float(text) for text in form.na if is_number(text)])
        return np.where(is_there, numbers, np.nan), np.zeros(len(cells), np.bool_)
    places, values = pd.factorize(cells)
    distinct = pd.Series(values)
    text = distinct.astype(str).str.strip()
    numbers = (_typed(distinct, kind) if _is_typed(distinct, kind) else _read(text, kind, form)).copy()
    is_missing = text.str.lower().isin(NO_NUMBER.union(map(str.lower, (*MISSING, *form.na)))).to_numpy(np.bool_)
    wrong = np.isnan(numbers) & ~is_missing
    numbers[is_missing | np.isinf(numbers)] = np.nan
    return np.append(numbers, np.nan)[places], np.append(wrong, np.False_)[places]


def too_large(numbers: Numbers) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Return a mask of the numbers beyond LARGEST."""
    return np.asarray(np.abs(numbers) > LARGEST)


def to_codes(cells: pd.Series[Any], known: dict[str, int], form: Format) -> Codes:
    """Return the code of each cell in `known`, to which new texts are added; -1 for a missing cell."""
    places, values = pd.factorize(cells)
    codes = np.empty(len(values) + 1, np.int32)
    codes[-1] = -1
    missing = {*MISSING, *form.na}
    for place, text in enumerate(map(_text, values)):
        codes[place] = -1 if text in missing else known.setdefault(text, len(known))
    return codes[places]


def number_style(columns: Iterable[Sequence[str]], sep: str) -> tuple[str, str]:
    """Return the decimal mark and the thousands separator of a file.

    The decimal mark is the one that most columns of numbers use. The thousands separator is the one of these columns,
    or else the other of point and comma if it occurs only between groups of three digits.
    """
    found = [_texts(column) for column in columns]
    votes = Counter(style for texts in found if (style := _column_style(texts, sep)) is not None)
    decimals, marks = Counter[str](), Counter[str]()
    for (decimal, _), count in votes.items():
        decimals[decimal] += count
    decimal = decimals.most_common(1)[0][0] if decimals else "."
    for (report, thousands), count in votes.items():
        if report == decimal and thousands:
            marks[thousands] += count
    if marks:
        return decimal, marks.most_common(1)[0][0]
    other = "." if decimal == "," else ","
    return decimal, other if votes and _sets_thousands_apart(found, decimal, other) else ""


def is_number(cell: str) -> bool:
    """Whether a cell is a number in plain notation, without thousands separators or units."""
    return re.fullmatch(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?", cell.strip()) is not None


def is_day_first(cells: Iterable[str]) -> bool:
    """Whether dates such as 3/4/2024 put the day first: a point separates them, or a first number exceeds 12."""
    first = re.compile(r"(\d{1,2})([-/.])\d{1,2}\2(\d{4}|\d{2}\b)")
    found = [match for cell in cells if (match := first.match(cell.strip()))]
    return any(int(match[1]) > 12 or match[2] == "." for match in found)


def _distinct(cells: pd.Series[Any]) -> pd.Series[Any]:
    return pd.Series(cells.dropna().unique())


def _has_leading_zero(text: Iterable[str]) -> bool:
    return any(cell.startswith("0") and LEADING_ZERO.fullmatch(cell) for cell in text)


def _is_typed(values: pd.Series[Any], kind: ColumnType) -> bool:
    is_date = pd.api.types.is_datetime64_any_dtype(values.dtype)
    return is_date if kind is ColumnType.DATE else pd.api.types.is_numeric_dtype(values.dtype)


def _typed(values: pd.Series[Any], kind: ColumnType) -> Numbers:
    return _days(values) if kind is ColumnType.DATE else np.asarray(values.to_numpy(np.float64, na_value=np.nan))


def _read(text: pd.Series[str], kind: ColumnType, form: Format) -> Numbers:
    if kind is ColumnType.BOOLEAN:
        numbers = {yes: 1.0 for yes, _ in YES_NO} | {no: 0.0 for _, no in YES_NO} | {"1": 1.0, "0": 0.0}
        return np.asarray(text.str.lower().map(numbers), np.float64)
    if kind is ColumnType.DATE:
        return _read_dates(text, day_first=form.day_first)
    text = text.str.replace(ORNAMENTS, "", regex=True).str.replace(BLANK_THOUSANDS, "", regex=True)
    if form.thousands:
        grouped = text.str.fullmatch(_grouped(form.thousands, form.decimal))
        text = text.where(~grouped, text.str.replace(form.thousands, "", regex=False))
    if form.decimal != ".":
        text = text.mask(text.str.contains(".", regex=False)).str.replace(form.decimal, ".", regex=False)
    return np.asarray(pd.to_numeric(text, errors="coerce"), np.float64)


def _texts(cells: Sequence[str]) -> list[str]:
    return [ORNAMENTS.sub("", cell) for cell in cells if cell not in MISSING and cell.lower() not in NO_NUMBER]


def _sets_thousands_apart(columns: Iterable[Sequence[str]], decimal: str, mark: str) -> bool:
    """Whether `mark` occurs in columns of numbers, and only between groups of three digits."""
    fitting = (texts for texts in columns if all(is_number(text) or _is_grouped(text, decimal, mark) for text in texts))
    marked = [text for texts in fitting for text in texts if mark in text]
    return bool(marked) and all(_is_grouped(text, decimal, mark) for text in marked)


def _column_style(texts: Sequence[str], sep: str) -> tuple[str, str] | None:
    """Return (decimal, thousands) of one column; None if it holds other text or neither mark."""
    if all(map(is_number, texts)):
        has_point = any("." in text and not _is_grouped(text, ",", ".") for text in texts)
        return (".", "") if has_point else None
    if not all(re.fullmatch(r"[-+]?\d[\d.,']*", text) for text in texts):
        return None
    styles = [(".", ","), (",", "."), (".", "'"), (",", "")]
    if sep == ";":  # 1,234 is then more likely a decimal number
        styles = [(",", ""), *styles[:-1]]
    return next(
        (style for style in styles if all(is_number(text) or _is_grouped(text, *style) for text in texts)), None
    )


def _is_grouped(text: str, decimal: str, thousands: str) -> bool:
    return re.fullmatch(_grouped(thousands, decimal), text) is not None


def _grouped(thousands: str, decimal: str) -> str:
    """Return the pattern of a number in groups of three digits."""
    if not thousands:
        return rf"[-+]?\d+({re.escape(decimal)}\d*)?"
    mark, point = re.escape(thousands), re.escape(decimal)
    return rf"[-+]?[1-9]\d{{0,2}}({mark}\d{{3}})+({point}\d*)?|[-+]?\d+{point}\d*"


def _read_dates(text: pd.Series[str], *, day_first: bool) -> Numbers:
    """Return days since 1970-01-01. pandas misreads dates with the year first if `dayfirst` is set."""
    fits = text.map(lambda cell: DATE.fullmatch(cell) is not None)
    is_year_first = text.str.match(r"\d{4}")
    days = np.full(len(text), np.nan)
    for chosen, first in ((fits & is_year_first, False), (fits & ~is_year_first, day_first)):
        places = chosen.to_numpy(np.bool_)
        dates = pd.to_datetime(text[places], format="mixed", dayfirst=first, utc=True, errors="coerce")
        days[places] = _days(dates)
    return days


def _days(dates: pd.Series[Any]) -> Numbers:
    moments = dates.dt.tz_convert(None) if dates.dt.tz is not None else dates
    return np.asarray((moments - pd.Timestamp(0)) / pd.Timedelta(days=1), np.float64)


def _text(value: object) -> str:
    """Return the name of a category: stripped text, or a whole number without decimals."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value).strip()
