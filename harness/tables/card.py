"""The card of a table: the nouns that data/dataset.toml is made of. Frozen during a run, part of the fingerprint."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from harness.errors import UserError

CARD = "data/dataset.toml"  # relative to the repository
DEFAULT_CARD = "data/heart.toml"  # what CARD is as shipped
WHITESPACE = r"\s+"  # the separator of files whose columns stand apart by any number of blanks


class TableError(UserError):
    """A table, or its card, is not what was expected; the message says how to go on."""


class Kind(StrEnum):
    """What the cells of a column are. All but a category reach train.py as numbers."""

    NUMBER = "number"
    CATEGORY = "category"
    BOOLEAN = "boolean"  # 1 and 0
    DATE = "date"  # days since 1970-01-01


class Duplicates(StrEnum):
    """What becomes of rows whose features are equal."""

    TOGETHER = "together"  # all on one side of every split
    APART = "apart"  # each by itself: for tables where equal rows are different things that happen to be alike


@dataclass(frozen=True, slots=True)
class Format:
    """How the source is written; the defaults are a plain UTF-8 CSV file with a header."""

    sep: str = ","
    header: bool = True
    encoding: str = "utf-8"
    decimal: str = "."
    thousands: str = ""
    day_first: bool = False  # 3/4/2024 is the third of April
    na: tuple[str, ...] = ()  # what stands for a missing cell, beside the usual: empty, ?, NA, NaN, null, …


@dataclass(frozen=True, slots=True)
class Card:
    """Which table is measured, and how its columns are read.

    `positive` is the class whose probability is scored, "" for the last one in order. `kinds` names the columns of X,
    in their order, and the time column. Group and time say how to split and are no features. A column that the file
    holds and the card does not name is an error, not a guess.
    """

    name: str
    source: str  # "openml:NAME@VERSION", or a path, relative to the repository if it lies inside
    target: str
    sha256: str  # of the source's bytes, uncompressed
    kinds: Mapping[str, Kind]
    positive: str = ""
    drop: tuple[str, ...] = ()
    group: str = ""
    time: str = ""
    duplicates: Duplicates = Duplicates.TOGETHER
    format: Format = field(default_factory=Format)

    @property
    def features(self) -> tuple[str, ...]:
        """The columns of X, in their order."""
        return tuple(column for column in self.kinds if column != self.time)
