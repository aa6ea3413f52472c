"""Read the text of one cell as a number or as a date, in the common notations."""

from __future__ import annotations

import re
from datetime import date
from functools import lru_cache

# Each notation of a number by an example: decimal mark and thousands separator. A blank always separates thousands.
NOTATIONS = {
    "1234.5": (".", ""),
    "1234,5": (",", ""),
    "1,234.5": (".", ","),
    "1.234,5": (",", "."),
    "1'234.5": (".", "'"),
    "1'234,5": (",", "'"),
}
CURRENCY = r"[$€£¥₹]|US\$|USD|EUR|GBP|CHF|JPY|INR|Rs\.?"
UNIT = r"[%‰°]\w?|[^\W\d_][\w/%²³°.-]{0,14}"
CLOSE_UNIT = r"[%‰°]\w?|[^\W\d_][^\W\d_/%²³°.-][\w/%²³°.-]{0,13}|[a-zµ]"  # without a blank: 12A is a code
BLANKS = str.maketrans({"−": "-", "‒": "-", "–": "-", "\u00a0": " ", "\u202f": " ", "\u2009": " ", "’": "'"})
LEADING_ZERO = re.compile(r"[-+]?0\d+")  # 01234 is a postal code, 0 and 0.5 are numbers
UNREADABLE = (float("nan"), "")

MONTHS = {
    name: place
    for place, names in enumerate(
        (
            "jan gen ene", "feb fév fev", "mar mär mrt", "apr avr abr", "may mai mei mag", "jun juin giu",
            "jul juil lug", "aug aoû ago", "sep set", "oct okt ott out", "nov", "dec dez déc dic",
        ),
        1,
    )
    for name in names.split()
}  # fmt: skip
_MONTH = r"(?P<month>[^\W\d_]{3,10})\.?"
_DAY = r"(?P<d>\d{1,2})(?:st|nd|rd|th|\.)?"
_YEAR = r"(?P<y>\d{4}|'?\d{2})"
_CLOCK = (
    r"(?:(?:[ T]|, ?)(?P<h>\d{1,2})[:.](?P<min>\d{2})(?:[:.](?P<s>\d{2})(?:[.,](?P<part>\d+))?)?"
    r"(?: ?(?P<half>[AaPp])\.?[Mm]\.?)?(?: ?(?:Z|UTC|GMT|(?P<off>[+-]\d{2}):?(?P<off_min>\d{2})?))?)?"
)
_WEEKDAY = r"(?:[^\W\d_]{2,10}\.?,? )?"
DATES = tuple(
    re.compile(rf"{_WEEKDAY}{shape}{_CLOCK}")
    for shape in (
        r"(?P<y>\d{4})([-/. ])(?P<m>\d{1,2})\2(?P<d>\d{1,2})",
        r"(?P<a>\d{1,2})([-/.])(?P<b>\d{1,2})\2" + _YEAR,
        r"(?P<y>\d{4})(?P<m>\d{2})(?P<d>\d{2})",
        r"(?P<y>\d{4})[-/](?P<m>\d{1,2})",
        r"(?P<m>\d{1,2})[-/](?P<y>\d{4})",
        rf"{_DAY}[-/. ]*(?:de )?{_MONTH}[-/., ]*(?:de )?{_YEAR}",
        rf"{_MONTH}[- ]{_DAY},? (?P<y>\d{{4}})",
        rf"(?P<y>\d{{4}})[-/ ]?{_MONTH}[-/ ]?{_DAY}",
        rf"{_MONTH}[- ](?P<y>\d{{4}})",
    )
)
EPOCH = date(1970, 1, 1).toordinal()


def read_number(cell: str, decimal: str, thousands: str) -> tuple[float, str]:
    """Return the number of a cell and its unit, "" for none; NaN if the cell is no number in this notation."""
    found = _number(decimal, thousands).fullmatch(cell.translate(BLANKS))
    if not found:
        return UNREADABLE
    is_bracketed = found["open"] is not None
    signs = [sign for sign in (found["sign"], found["inner"], found["last"]) if sign]
    if is_bracketed != (found["close"] is not None) or len(signs) + is_bracketed > 1:
        return UNREADABLE
    if found["before"] and found["after"]:
        return UNREADABLE
    digits = re.sub(rf"[ {thousands}]", "", found["digits"]).replace(decimal, ".")
    number = float(digits + (found["power"] or ""))
    return -number if is_bracketed or "-" in signs else number, found["before"] or found["after"] or ""


def is_currency(unit: str) -> bool:
    """Whether a unit is that of an amount of money."""
    return re.fullmatch(CURRENCY, unit) is not None


def read_date(cell: str, *, day_first: bool) -> float:
    """Return the days since 1970-01-01 of a date, with a clock time as a fraction; NaN if the cell is no date."""
    parts = date_parts(cell)
    if not parts:
        return float("nan")
    if parts.get("a"):
        parts["d"], parts["m"] = (parts["a"], parts["b"]) if day_first else (parts["b"], parts["a"])
    month = _month(parts["month"]) if parts.get("month") else int(parts["m"])
    try:
        return date(_year(parts["y"]), month, int(parts.get("d") or 1)).toordinal() - EPOCH + _clock(parts)
    except ValueError:
        return float("nan")


def date_parts(cell: str) -> dict[str, str]:
    """Return the parts of a text of the form of a date, by name; empty for other text."""
    for shape in DATES:
        if found := shape.fullmatch(cell):
            if found.groupdict().get("month") and not _month(found["month"]):
                continue
            return {name: text for name, text in found.groupdict().items() if text}
    return {}


@lru_cache
def _number(decimal: str, thousands: str) -> re.Pattern[str]:
    point, marks = re.escape(decimal), "".join({thousands, " "})
    groups = "|".join(rf"[1-9]\d{{0,2}}(?:{re.escape(mark)}\d{{3}})+" for mark in marks)
    groups += r"|[1-9]\d?(?:,\d{2})+,\d{3}" if thousands == "," else ""  # lakh and crore
    digits = rf"(?P<digits>(?:{groups}|\d+)(?:{point}\d*)?|{point}\d+)(?P<power>[eE][-+]?\d+)?"
    return re.compile(
        rf"(?P<open>\()?\s*(?P<sign>[-+])?\s*(?P<before>{CURRENCY})?\s*(?P<inner>[-+])?\s*{digits}"
        rf"\s*(?P<after>{CURRENCY}|(?<=[\d.,])(?:{CLOSE_UNIT})|(?<= )(?:{UNIT}))?\s*(?P<last>-)?(?P<close>\))?"
    )


def _month(name: str) -> int:
    """Return the number of a month by its first letters; 0 for another word."""
    letters = name.casefold()
    return MONTHS.get(letters[:4]) or (MONTHS.get(letters[:3]) or 0)


def _year(text: str) -> int:
    digits = text.removeprefix("'")
    return int(digits) if len(digits) == 4 else int(digits) + (1900 if int(digits) > 68 else 2000)  # as POSIX reads %y


def _clock(parts: dict[str, str]) -> float:
    """Return the time of day in UTC as a fraction of a day; raises ValueError for none."""
    hour, minute, second = (int(parts.get(name) or 0) for name in ("h", "min", "s"))
    if half := parts.get("half"):
        if not 1 <= hour <= 12:
            raise ValueError("no hour of half a day")
        hour = hour % 12 + (12 if half in "pP" else 0)
    if hour > 24 or minute > 59 or second > 60:
        raise ValueError("no time of day")
    offset = int(parts.get("off") or 0) * 60
    offset += int(parts.get("off_min") or 0) * (-1 if (parts.get("off") or "").startswith("-") else 1)
    part = float(f"0.{parts['part']}") if parts.get("part") else 0.0
    return ((hour * 60 + minute - offset) * 60 + second + part) / 86_400
