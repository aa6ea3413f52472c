"""Decide what a column holds from all of its texts: truth values, dates or numbers in one notation, or categories.

A type is chosen if it reads every cell. If it reads nearly all, the column is a category, and the cells that
contradict are reported.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from harness.data.cells import LEADING_ZERO, NOTATIONS, date_parts, is_currency, read_date
from harness.data.config import CARD, ColumnType, Format
from harness.data.dtypes import YES_NO, Flags, Numbers, misfit_units, missing_mask, number_texts

NEARLY = 0.1  # share of the texts, or of the rows, that contradict: beyond, the column is plain text
ORDERS = ("month first", "day first")
TRIAL = 1000  # texts of which a notation has to read half
MIN_DATES = 10  # different whole numbers such as 20240131, from which on they are dates


@dataclass(frozen=True, slots=True, eq=False)
class Texts:
    """The different texts of a column in order of appearance, the rows of each, and the row where it comes first."""

    name: str
    texts: Sequence[str]
    counts: np.ndarray[tuple[int], np.dtype[np.int64]]
    rows: np.ndarray[tuple[int], np.dtype[np.int64]]


@dataclass(frozen=True, slots=True, eq=False)
class Decision:
    """The type of a column, and the numbers in each notation that reads every cell."""

    kind: ColumnType
    readings: Mapping[str, Numbers] = field(default_factory=dict)
    unit: str | None = None
    note: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class _Reading:
    """The numbers of the texts in one notation, which of them are wrong, and why."""

    numbers: Numbers
    wrong: Flags
    n_other: int  # texts of another form
    unit: str | None = None
    why: str = ""


def decide(column: Texts, form: Format) -> Decision:
    """Return the type of a column, with each notation that reads all of it."""
    is_there = ~missing_mask(column.texts, form)
    if not is_there.any():  # markers such as unknown in every cell are text
        return Decision(ColumnType.CATEGORY if len(column.texts) else ColumnType.NUMBER)
    texts = [text for text, keep in zip(column.texts, is_there, strict=True) if keep]
    there = Texts(column.name, texts, column.counts[is_there], column.rows[is_there])
    if {text.lower() for text in texts} in [set(pair) for pair in YES_NO]:
        return Decision(ColumnType.BOOLEAN)
    dates, numbers = _dates(texts), _numbers(texts)
    for kind, found in ((ColumnType.DATE, dates), (ColumnType.NUMBER, numbers)):
        if right := {name: one for name, one in found.items() if not one.wrong.any()}:
            readings = {name: one.numbers for name, one in right.items()}
            return Decision(kind, readings, next(iter(right.values())).unit)
    return Decision(ColumnType.CATEGORY, note=_contradiction(there, [*dates.values(), *numbers.values()]))


def choose(decisions: Mapping[str, Decision], form: Format, *, n_points: int) -> tuple[Format, list[str]]:
    """Return the format with the notation of most columns and of those that differ, and notes on what is ambiguous.

    `n_points` is the number of other columns, whose numbers have a decimal point.
    """
    dates = _affected(decisions, ColumnType.DATE, ORDERS)
    numbers = _affected(decisions, ColumnType.NUMBER, NOTATIONS)
    orders = Counter(next(iter(one)) for one in dates.values() if len(one) == 1)
    order = ORDERS[1] if orders[ORDERS[1]] else ORDERS[0]
    decimals = Counter(_decimals(one)[0] for one in numbers.values() if len(_decimals(one)) == 1)
    decimals["."] += n_points
    decimal = _decimal(decimals, numbers, form.sep)
    used = {name: _first_with(one, decimal) for name, one in numbers.items()}
    marks = Counter(NOTATIONS[one][1] for one in used.values() if NOTATIONS[one][0] == decimal and NOTATIONS[one][1])
    mark = marks.most_common(1)[0][0] if marks else ""
    usual = next(name for name, pair in NOTATIONS.items() if pair == (decimal, mark))
    exceptions = {name: used[name] for name, one in numbers.items() if not _reads(one, usual, used[name])}
    exceptions |= {name: next(iter(one)) for name, one in dates.items() if order not in one}
    unsure = {name: order for name, one in dates.items() if len(one) > 1 and not orders}
    if form.sep != "," and not decimals.total():
        unsure |= {name: used[name] for name, one in numbers.items() if len(_decimals(one)) > 1}
    found = replace(
        form,
        decimal=decimal,
        thousands=mark,
        day_first=order == ORDERS[1],
        notation=exceptions,
        units={name: one.unit for name, one in decisions.items() if one.unit is not None},
    )
    return found, [
        f"{name!r} is read as {one!r}, though no cell decides it: see [format] in {CARD}"
        for name, one in unsure.items()
    ]


def _affected(
    decisions: Mapping[str, Decision], kind: ColumnType, names: Iterable[str]
) -> dict[str, Mapping[str, Numbers]]:
    """Return the readings of the columns that not every notation reads alike."""
    found = {name: one.readings for name, one in decisions.items() if one.kind is kind and one.readings}
    return {
        column: readings
        for column, readings in found.items()
        if not all(_reads(readings, name, next(iter(readings))) for name in names)
    }


def _reads(readings: Mapping[str, Numbers], name: str, other: str) -> bool:
    """Whether two notations read a column alike."""
    return name in readings and np.array_equal(readings[name], readings[other], equal_nan=True)


def _decimals(readings: Mapping[str, Numbers]) -> list[str]:
    return sorted({NOTATIONS[name][0] for name in readings})


def _decimal(votes: Counter[str], numbers: Mapping[str, Mapping[str, Numbers]], sep: str) -> str:
    """Return the decimal mark of most columns; without any, 1,234 has one in a file with semicolons."""
    if not votes.total():
        return "," if sep == ";" and any("1234,5" in one for one in numbers.values()) else "."
    return max(".,", key=lambda mark: votes[mark])


def _first_with(readings: Mapping[str, Numbers], decimal: str) -> str:
    return next((name for name in readings if NOTATIONS[name][0] == decimal), next(iter(readings)))


def _numbers(texts: Sequence[str]) -> dict[str, _Reading]:
    """Return how each notation of numbers reads the texts. A notation that no text needs is that without its mark."""
    found: dict[str, _Reading] = {}
    has = {mark: any(mark in text for text in texts) for mark in ",.'’"}
    for name, (decimal, thousands) in NOTATIONS.items():
        if not (has["."] or has[","]) and decimal == ",":
            found[name] = found["1'234.5" if thousands == "'" else "1234.5"]
        elif thousands and not has[thousands] and not (thousands == "'" and has["’"]):
            found[name] = found["1234.5" if decimal == "." else "1234,5"]
        else:
            found[name] = _reading(texts, decimal, thousands)
    return found


def _reading(texts: Sequence[str], decimal: str, thousands: str) -> _Reading:
    if np.isnan(number_texts(texts[:TRIAL], decimal, thousands)[0]).mean() > 0.5:  # not worth the time on all texts
        return _Reading(np.full(len(texts), np.nan), np.ones(len(texts), np.bool_), len(texts))
    numbers, units = number_texts(texts, decimal, thousands)
    is_number = ~np.isnan(numbers)
    counts = Counter(unit for unit, there in zip(units, is_number, strict=True) if there)
    named = [unit for unit, _ in counts.most_common() if unit]
    unit = named[0] if named and (is_currency(named[0]) or counts[named[0]] >= counts[""]) else None
    wrong = ~is_number | np.array([LEADING_ZERO.fullmatch(text) is not None for text in texts], np.bool_)
    other = misfit_units(numbers, units, unit) if unit else np.array([bool(one) for one in units], np.bool_)
    other &= is_number
    long = np.array([len(text) > 15 and text.lstrip("+-").isdecimal() for text in texts], np.bool_)
    is_merged = long.any() and len(np.unique(numbers[long])) < long.sum()
    why = (
        "the units differ"
        if other.any()
        else "a number keeps 15 digits, so different ones would be merged"
        if is_merged
        else ""
    )
    return _Reading(numbers, wrong | other | (long & is_merged), int(wrong.sum()), unit, why)


def _dates(texts: Sequence[str]) -> dict[str, _Reading]:
    """Return how each order of day and month reads the texts; points between them mean that the day comes first."""
    if sum(map(bool, map(date_parts, texts[:TRIAL]))) < len(texts[:TRIAL]) / 2 or not _are_dates(texts):
        return {}
    parts = [date_parts(text) for text in texts]
    is_short = ["a" in one for one in parts]
    orders = (
        ORDERS[1:] if any(one and text.count(".") >= 2 for one, text in zip(is_short, texts, strict=True)) else ORDERS
    )
    found, n_other = {}, len(texts) - sum(map(bool, parts))
    for order in orders:
        days = np.array([read_date(text, day_first=order == ORDERS[1]) for text in texts], np.float64)
        found[order] = _Reading(
            days, np.isnan(days), n_other, why="" if n_other else "no date in the order of the others"
        )
    if not any(is_short):
        return dict.fromkeys(ORDERS, found[orders[0]])
    return found


def _are_dates(texts: Sequence[str]) -> bool:
    """Whether whole numbers, if the texts hold any, are dates such as 20240131 rather than amounts."""
    whole = [text for text in texts if text.isdecimal()]
    return not whole or (
        len(whole) >= MIN_DATES and all(len(text) == 8 and "1900" <= text[:4] <= "2100" for text in whole)
    )


def _contradiction(column: Texts, readings: Iterable[_Reading]) -> str:
    """Return a note if nearly all cells are numbers or dates, or all are but contradict one another; else nothing."""
    best = min(readings, key=lambda one: int(column.counts[one.wrong].sum()), default=None)
    if best is None or (best.wrong.all() and not best.why):
        return ""
    n_wrong, n_cells = int(column.counts[best.wrong].sum()), int(column.counts.sum())
    is_few = min(n_wrong / n_cells, best.wrong.mean()) <= NEARLY
    if not is_few and (not best.why or best.n_other / len(best.wrong) > NEARLY):
        return ""
    place = int(best.wrong.argmax())
    text, others = f"{column.texts[place]!r:.30}", int(best.wrong.sum()) - 1
    more = f" and {others:,} other texts" if others else ""
    why = f": {best.why}" if best.why else f"; if that means missing, use --na {text}"
    return f"{column.name!r} is a category because of {text}{more} (row {column.rows[place] + 1}){why}"
