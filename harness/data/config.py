"""Read, check and write data/dataset.toml, the config of the table. Part of the fingerprint, frozen during a run.

`prepare.py --csv` writes the file and the user may edit it. Every field is checked here once, so later code can trust
the types.
"""

from __future__ import annotations

import codecs
import json
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum
from pathlib import Path

from harness.data.cells import NOTATIONS
from harness.errors import UserError
from harness.output import write_atomic

CARD = "data/dataset.toml"  # relative to the repository
DEFAULT_CARD = "data/heart.toml"  # the content of CARD as shipped
WHITESPACE = r"\s+"  # the separator of files whose columns are separated by any number of blanks


COPY_BYTES = 8 << 20  # larger sources are not copied to data/: the binary cache replaces the copy


class TableError(UserError):
    """A table or its config is invalid; the message says how to fix it."""


class ColumnType(StrEnum):
    """The type of a column. All but a category reach train.py as numbers."""

    NUMBER = "number"
    CATEGORY = "category"
    BOOLEAN = "boolean"  # 1 and 0
    DATE = "date"  # days since 1970-01-01


class Duplicates(StrEnum):
    """How rows with equal features are split."""

    TOGETHER = "together"  # all on one side of every split
    APART = "apart"  # independently: for tables where equal rows are different things


@dataclass(frozen=True, slots=True)
class Format:
    """The dialect of the source; the defaults are a plain UTF-8 CSV file with a header."""

    sep: str = ","
    header: bool = True
    encoding: str = "utf-8"
    decimal: str = "."
    thousands: str = ""
    day_first: bool = False  # 3/4/2024 is the third of April
    na: tuple[str, ...] = ()  # markers of a missing cell, besides the usual ones: empty, ?, NA, NaN, null, …
    keep_na: tuple[str, ...] = ()  # usual markers that are categories here, such as None
    skip: int = 0  # lines above the header
    quotes: bool = True  # a quotation mark at the start of a cell opens a cell that may hold separators and line ends
    notation: Mapping[str, str] = field(default_factory=dict)  # of the columns that differ, as NOTATIONS in cells.py
    units: Mapping[str, str] = field(default_factory=dict)  # of the columns of numbers with a unit in the cell


@dataclass(frozen=True, slots=True)
class Card:
    """The config of a table: which file it is, and how its columns are read.

    `positive` is the class whose probability is scored, "" for the last one in order. `kinds` names the columns of X
    in their order, and the time column. Group and time define the split and are no features. A column of the file
    that the config does not name is an error.
    """

    name: str
    source: str  # "openml:NAME@VERSION", or a path, relative to the repository if it lies inside
    target: str
    sha256: str  # of the source's bytes, uncompressed
    kinds: Mapping[str, ColumnType]
    positive: str = ""
    drop: tuple[str, ...] = ()
    group: str = ""
    time: str = ""
    duplicates: Duplicates = Duplicates.TOGETHER
    drop_unlabelled: bool = False  # leave out the rows without a label
    join_spellings: bool = False  # classes that differ in capitals, blanks or the notation of a number are one
    format: Format = field(default_factory=Format)

    @property
    def features(self) -> tuple[str, ...]:
        """The columns of X, in their order."""
        return tuple(column for column in self.kinds if column != self.time)


def copy_path(name: str) -> Path:
    """Return the path of the copy of a small table, relative to the repository."""
    return Path("data", f"{name}.csv")


_SCALARS = (
    "name",
    "source",
    "target",
    "positive",
    "drop",
    "group",
    "time",
    "duplicates",
    "drop_unlabelled",
    "join_spellings",
    "sha256",
)
_WAY_OUT = "Correct it, or run: uv run prepare.py --reset"


def read_card(root: Path) -> Card:
    """Read data/dataset.toml of the repository at `root`.

    Raises
    ------
    TableError
        The file is missing or is not TOML, or a field is missing, unknown or invalid.
    """
    try:
        return parse_card((root / CARD).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise TableError(f"{CARD}: the file is missing. Run: uv run prepare.py --reset") from None
    except (OSError, UnicodeDecodeError) as error:
        raise _not_toml(error) from None


def parse_card(text: str) -> Card:
    """Parse the text of data/dataset.toml; raises TableError for the first error."""
    try:
        entries = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError, ValueError) as error:
        raise _not_toml(error) from None
    _check_names(entries, Card, "")
    form = _table(entries, "format")
    _check_names(form, Format, "format.")
    card = Card(
        name=_match(entries, "name", r"[A-Za-z0-9][\w.-]{0,63}", "letters, digits, '.', '-' or '_'"),
        sha256=_match(entries, "sha256", r"[0-9a-f]{64}", "64 hexadecimal digits"),
        source=_match(entries, "source", r"[^\0]+", "a path or openml:NAME@VERSION"),
        target=_match(entries, "target", r"(?s:.+)", "the name of a column"),
        **{name: _text(entries, name) for name in ("positive", "group", "time")},
        drop=_texts(entries, "drop"),
        duplicates=Duplicates(_one_of(entries, "duplicates", Duplicates, Duplicates.TOGETHER)),
        drop_unlabelled=_flag(entries, "drop_unlabelled", default=False, prefix=""),
        join_spellings=_flag(entries, "join_spellings", default=False, prefix=""),
        kinds=_kinds(_table(entries, "kinds")),
        format=_format(form),
    )
    _check_roles(card)
    return card


def card_text(card: Card) -> str:
    """Return the config as TOML; fields at their default are left out."""
    top = [line for name in _SCALARS if (line := _line(card, name, Card.__dataclass_fields__[name].default))]
    plain = Format()
    form = [line for one in fields(Format) if (line := _line(card.format, one.name, getattr(plain, one.name)))]
    kinds = [f"{_key(column)} = {_value(kind)}" for column, kind in card.kinds.items()]
    comment = '# "number", "category", "boolean" (1 and 0) or "date" (days since 1970-01-01): correct them here.'
    return "\n".join([*top, *(["", "[format]", *form] if form else []), "", comment, "[kinds]", *kinds, ""])


def write_card(root: Path, text: str) -> None:
    """Write data/dataset.toml."""
    (root / CARD).parent.mkdir(exist_ok=True)
    with write_atomic(root / CARD) as path:
        path.write_text(text, encoding="utf-8", newline="\n")


def _check_names(entries: Mapping[str, object], kind: type[Card | Format], prefix: str) -> None:
    known = [one.name for one in fields(kind)]
    for name in entries:
        if name not in known:
            raise _error(f"unknown field {prefix}{name}. Known are {', '.join(known)}")


def _check_roles(card: Card) -> None:
    """Raise TableError unless each column has one role and at least one is a feature."""
    roles = [*((column, "drop") for column in card.drop), (card.target, "target"), (card.group, "group")]
    taken = dict.fromkeys(card.kinds, "kinds")
    for column, role in roles:
        if column and column in taken:
            raise _error(f"column {column!r} is both in {taken[column]} and in {role}")
        taken[column] = role
    if card.time in {column for column, _ in roles if column} or (card.time and card.time not in card.kinds):
        raise _wrong("time", "a column with a kind and no other role", card.time)
    if card.group and card.time:
        raise _error("group and time cannot be combined")
    if not card.features:
        raise _error("[kinds] names no feature column")


def _match(entries: Mapping[str, object], name: str, pattern: str, expected: str) -> str:
    text = entries.get(name)
    if not isinstance(text, str) or not re.fullmatch(pattern, text, re.ASCII):
        raise _wrong(name, expected, text)
    return text


def _text(entries: Mapping[str, object], name: str, default: str = "", prefix: str = "") -> str:
    text = entries.get(name, default)
    if not isinstance(text, str):
        raise _wrong(f"{prefix}{name}", "text in quotes", text)
    return text


def _texts(entries: Mapping[str, object], name: str, prefix: str = "") -> tuple[str, ...]:
    texts = entries.get(name, [])
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        raise _wrong(f"{prefix}{name}", "a list of text in quotes", texts)
    return tuple(texts)


def _table(entries: Mapping[str, object], name: str) -> Mapping[str, object]:
    table = entries.get(name, {})
    if not isinstance(table, dict):
        raise _wrong(name, f"a table [{name}]", table)
    return table


def _one_of(entries: Mapping[str, object], name: str, allowed: Iterable[str], default: str, prefix: str = "") -> str:
    text = _text(entries, name, default, prefix)
    if text not in list(allowed):
        raise _wrong(f"{prefix}{name}", " or ".join(map(repr, map(str, allowed))), text)
    return text


def _flag(entries: Mapping[str, object], name: str, *, default: bool, prefix: str = "format.") -> bool:
    flag = entries.get(name, default)
    if not isinstance(flag, bool):
        raise _wrong(f"{prefix}{name}", "true or false", flag)
    return flag


def _count(entries: Mapping[str, object], name: str) -> int:
    count = entries.get(name, 0)
    if not isinstance(count, int) or isinstance(count, bool) or not 0 <= count <= 1000:
        raise _wrong(f"format.{name}", "a whole number from 0 to 1000", count)
    return count


def _by_column(entries: Mapping[str, object], name: str, allowed: Iterable[str] = ()) -> dict[str, str]:
    """Return a text for each of some columns; one of `allowed`, if given."""
    columns, prefix = _table(entries, name), f"format.{name}."
    return {
        column: _one_of(columns, column, allowed, "", prefix) if allowed else _text(columns, column, prefix=prefix)
        for column in columns
    }


def _kinds(entries: Mapping[str, object]) -> dict[str, ColumnType]:
    return {column: ColumnType(_one_of(entries, column, ColumnType, "", "kinds.")) for column in entries}


def _format(entries: Mapping[str, object]) -> Format:
    sep, encoding = _text(entries, "sep", ",", "format."), _text(entries, "encoding", "utf-8", "format.")
    if sep != WHITESPACE and (len(sep) != 1 or sep in '\r\n"\0'):
        raise _wrong("format.sep", rf"one character, or '{WHITESPACE}' for blanks", sep)
    return Format(
        sep=sep,
        encoding=_encoding(encoding),
        header=_flag(entries, "header", default=True),
        day_first=_flag(entries, "day_first", default=False),
        decimal=_one_of(entries, "decimal", (".", ","), ".", "format."),
        thousands=_one_of(entries, "thousands", ("", ",", ".", " ", "'"), "", "format."),
        na=_texts(entries, "na", "format."),
        keep_na=_texts(entries, "keep_na", "format."),
        skip=_count(entries, "skip"),
        quotes=_flag(entries, "quotes", default=True),
        notation=_by_column(entries, "notation", (*NOTATIONS, "day first", "month first")),
        units=_by_column(entries, "units"),
    )


def _encoding(name: str) -> str:
    try:
        "".encode(codecs.lookup(name).name)  # lookup also finds rot13 and zip, which encode no text
    except (LookupError, ValueError):
        raise _wrong("format.encoding", "the name of a text encoding", name) from None
    return name


def _line(values: Card | Format, name: str, default: object) -> str:
    value = getattr(values, name)
    return "" if value == default else f"{name} = {_value(value)}"


def _value(value: object) -> str:
    """Return a TOML value: JSON, with DEL escaped, the one control character that JSON allows and TOML does not."""
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{_key(key)} = {_value(entry)}" for key, entry in value.items()) + " }"
    entries = list(value) if isinstance(value, tuple) else value
    return json.dumps(entries, ensure_ascii=False).replace("\x7f", "\\u007f")


def _key(column: str) -> str:
    return column if re.fullmatch(r"[A-Za-z0-9_-]+", column) else _value(column)


def _not_toml(error: Exception) -> TableError:
    reason = (str(error).splitlines() or [type(error).__name__])[0]
    return _error(f"not valid TOML: {reason}")


def _wrong(name: str, expected: str, got: object) -> TableError:
    return _error(f"{name} is {'missing' if got is None else f'{got!r:.60}'}, but must be {expected}")


def _error(text: str) -> TableError:
    return TableError(f"{CARD}: {text}. {_WAY_OUT}")
