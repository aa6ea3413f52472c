"""Convert the cells of a column to numbers or codes, each cell independently of the others."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from harness.data.cells import LEADING_ZERO, NOTATIONS, is_currency, read_date, read_number
from harness.data.config import ColumnType, Format
from harness.data.reader import MISSING

Numbers = np.ndarray[Any, np.dtype[np.float64]]
Codes = np.ndarray[Any, np.dtype[np.int32]]
Flags = np.ndarray[Any, np.dtype[np.bool_]]

YES_NO = (("true", "false"), ("yes", "no"), ("y", "n"), ("t", "f"))
LARGEST = 3e38  # the limit of float32, in which tree models hold features
EXACT = 2.0**53  # from here on a float64 no longer tells whole numbers apart
# Markers of a missing number or date.
NO_NUMBER = frozenset({"-", "--", ".", "*", "n.a.", "missing", "unknown", "none", "0000-00-00", "0000-00-00 00:00:00"})
ORNAMENTS = frozenset({"", "$", "€", "£", "%"})  # units that need no entry in the config


def to_numbers(cells: pd.Series[Any], kind: ColumnType, form: Format) -> tuple[Numbers, Flags]:
    """Return the cells as float64, NaN for a missing, infinite or misfit one, and a mask of the misfits."""
    if kind is ColumnType.NUMBER and cells.dtype == np.float64:
        numbers = cells.to_numpy(np.float64)
        is_there = np.isfinite(numbers) & ~np.isin(numbers, [float(text) for text in form.na if is_number(text)])
        return np.where(is_there, numbers, np.nan), np.zeros(len(cells), np.bool_)
    places, values = pd.factorize(cells)
    distinct = pd.Series(values)
    texts = [str(value).strip() for value in distinct]
    if _is_typed(distinct, kind):
        numbers = _days(distinct) if kind is ColumnType.DATE else distinct.to_numpy(np.float64, na_value=np.nan).copy()
    else:
        numbers = read_texts(texts, kind, form, str(cells.name))
    is_missing = missing_mask(texts, form)
    wrong = np.isnan(numbers) & ~is_missing
    numbers[is_missing | np.isinf(numbers)] = np.nan
    return np.append(numbers, np.nan)[places], np.append(wrong, np.False_)[places]


def plain_numbers(cells: pd.Series[Any], _: ColumnType, form: Format) -> tuple[Numbers, Flags]:
    """Return the cells as float64 as the parser of files reads them, and a mask of all others but missing ones."""
    places, values = pd.factorize(cells)
    texts = pd.Series(values, dtype=object).astype(str).str.strip()
    numbers = np.array(pd.to_numeric(texts, errors="coerce"), np.float64)
    wrong = np.isnan(numbers) & ~texts.isin({*MISSING, *form.na}).to_numpy(np.bool_)
    numbers[np.isin(numbers, [float(text) for text in form.na if is_number(text)]) | np.isinf(numbers)] = np.nan
    return np.append(numbers, np.nan)[places], np.append(wrong, np.False_)[places]


def read_texts(texts: Sequence[str], kind: ColumnType, form: Format, name: str) -> Numbers:
    """Return the texts of a column as float64, NaN where one does not fit."""
    if kind is ColumnType.BOOLEAN:
        known = {yes: 1.0 for yes, _ in YES_NO} | {no: 0.0 for _, no in YES_NO} | {"1": 1.0, "0": 0.0}
        return np.array([known.get(text.lower(), np.nan) for text in texts], np.float64)
    if kind is ColumnType.DATE:
        day_first = form.notation.get(name, "day first" if form.day_first else "") == "day first"
        return np.array([read_date(text, day_first=day_first) for text in texts], np.float64)
    decimal, thousands = NOTATIONS.get(form.notation.get(name, ""), (form.decimal, form.thousands))
    numbers, units = number_texts(texts, decimal, thousands)
    numbers[misfit_units(numbers, units, form.units.get(name))] = np.nan
    return numbers


def number_texts(texts: Sequence[str], decimal: str, thousands: str) -> tuple[Numbers, list[str]]:
    """Return the number and the unit of each text in this notation; NaN for other text."""
    numbers, units = np.full(len(texts), np.nan), [""] * len(texts)
    if decimal == ".":  # a fast path for most cells
        numbers = np.array(pd.to_numeric(pd.Series(texts, dtype=object), errors="coerce"), np.float64)
    for place in map(int, np.flatnonzero(np.isnan(numbers))):
        text = texts[place]
        if is_infinite(text):
            numbers[place] = np.inf
        else:
            numbers[place], units[place] = read_number(text, decimal, thousands)
    return numbers, units


def misfit_units(numbers: Numbers, units: Sequence[str], unit: str | None) -> Flags:
    """Return a mask of the numbers with another unit than the column, or without it, where that changes the number."""
    if unit is None:
        return np.array([other not in ORNAMENTS for other in units], np.bool_)
    may_lack = is_currency(unit)
    wrong = [other not in (unit, "") or (not other and not may_lack) for other in units]
    return np.array(wrong, np.bool_) & ~(np.equal(numbers, 0) & np.array([not other for other in units], np.bool_))


def missing_mask(texts: Sequence[str], form: Format) -> Flags:
    """Return a mask of the texts that mean a missing number or date."""
    markers = NO_NUMBER.union(map(str.lower, (*MISSING, *form.na)))
    return np.array([text.lower() in markers for text in texts], np.bool_)


def is_infinite(text: str) -> bool:
    """Whether a text is a number that no float64 holds."""
    return re.fullmatch(r"[-+]?inf(inity)?", text, re.I) is not None


def too_large(numbers: Numbers) -> Flags:
    """Return a mask of the numbers beyond LARGEST."""
    return np.asarray(np.abs(numbers) > LARGEST)


def to_codes(cells: pd.Series[Any], known: dict[str, int], form: Format, *, keep: bool = False) -> Codes:
    """Return the code of each cell in `known`, to which new texts are added; -1 for a missing cell.

    With `keep`, only an empty cell is missing.
    """
    places, values = pd.factorize(cells)
    codes = np.empty(len(values) + 1, np.int32)
    codes[-1] = -1
    missing = {""} if keep else missing_texts(form)
    for place, text in enumerate(map(_text, values)):
        codes[place] = -1 if text in missing else known.setdefault(text, len(known))
    return codes[places]


def missing_texts(form: Format) -> set[str]:
    """Return the texts that mean a missing category."""
    return {*MISSING, *form.na} - set(form.keep_na)


def is_number(cell: str) -> bool:
    """Whether a cell is a number in plain notation, without thousands separators or units."""
    return re.fullmatch(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?", cell.strip(), re.ASCII) is not None


def has_leading_zero(texts: Iterable[str]) -> bool:
    """Whether a text is a code such as 01234."""
    return any(LEADING_ZERO.fullmatch(text) for text in texts)


def _is_typed(values: pd.Series[Any], kind: ColumnType) -> bool:
    is_date = pd.api.types.is_datetime64_any_dtype(values.dtype)
    return is_date if kind is ColumnType.DATE else pd.api.types.is_numeric_dtype(values.dtype)


def _days(dates: pd.Series[Any]) -> Numbers:
    moments = dates.dt.tz_convert(None) if dates.dt.tz is not None else dates
    micros = moments.to_numpy("datetime64[us]")
    return np.where(np.isnat(micros), np.nan, micros.astype(np.int64) / 86_400e6)


def _text(value: object) -> str:
    """Return the name of a category: stripped text, or a whole number without decimals."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value).strip()
