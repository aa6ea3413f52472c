"""Reading a table of keys that a person wrote: every value is checked, every complaint names its place. Pure."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from pathlib import PurePosixPath
from typing import Any, TypeVar

from ratchet.core.output_parser import is_number
from ratchet.errors import did_you_mean

E = TypeVar("E", bound=StrEnum)
T = TypeVar("T")


class Keys:
    """A table of keys being read: every key asked for is known, and what is wrong is noted with its place."""

    def __init__(self, values: Mapping[str, Any], place: str, problems: list[str]) -> None:
        self._values = values
        self._place = place
        self._problems = problems
        self._known: list[str] = []

    def complain(self, key: str, what: str) -> None:
        """Note what is wrong with a key, or with the whole table where the key is empty."""
        place = ".".join(part for part in (self._place, key) if part)
        end = "" if what.endswith("?") else "."
        self._problems.append(f"{place}: {what}{end}" if place else f"{what}{end}")

    def report_unknown(self) -> None:
        """Complain of every key that nobody asked for, with the nearest that somebody did."""
        for key in self._values:
            if key not in self._known:
                known = f"Known keys: {', '.join(sorted(set(self._known)))}"
                hint = did_you_mean(key, self._known, cutoff=0.5) or known
                self.complain(str(key), f"expected a known key, got this one. {hint}")

    def has(self, key: str) -> bool:
        """Say whether the key holds anything."""
        self._known.append(key)
        return self._values.get(key) is not None

    def is_flag(self, key: str) -> bool:
        """Say whether the key holds true or false."""
        return isinstance(self._values.get(key), bool)

    def is_exactly(self, key: str, word: str) -> bool:
        """Say whether the key holds this word."""
        self._known.append(key)
        return self._values.get(key) == word

    def text(self, key: str, default: str | None = None) -> str:
        """Return a text; without a default it must be there."""
        value = self._get(key, default)
        if isinstance(value, str) and (value.strip() or default is not None):
            return value
        return self._wrong(key, "a text", value, "")

    def texts(self, key: str, named: Mapping[str, tuple[str, ...]] | None = None) -> tuple[str, ...]:
        """Return a list of texts, or the list that a name in `named` stands for; a lone text is a list of one."""
        value = self._get(key, [])
        if isinstance(value, str) and named and value in named:
            return named[value]
        if isinstance(value, str) and not named:
            return (value,)
        if isinstance(value, list) and all(isinstance(item, str) and item.strip() for item in value):
            return tuple(value)
        words = f"{' or '.join(repr(name) for name in named)} or " if named else ""
        return self._wrong(key, f"{words}a list of texts", value, (), _nearest(value, named or ()))

    def paths(self, key: str, *, required: bool = False) -> tuple[str, ...]:
        """Return paths that stay inside the project, as git spells them."""
        found = self.texts(key)
        if required and not found:
            self.complain(key, "expected at least one file, got none")
        for path in found:
            pure = PurePosixPath(path.replace("\\", "/"))
            if pure.is_absolute() or ".." in pure.parts or ":" in path:
                self.complain(key, f"expected a path inside the project, got {path!r}")
        return tuple(_tidy(path) for path in found)

    def pattern(self, key: str) -> str:
        """Return a regular expression that compiles, or an empty text."""
        value = self.text(key, "")
        try:
            re.compile(value)
        except re.error as error:
            return self._wrong(key, "a regular expression", value, "", f" ({error})")
        return value

    def choice(self, key: str, choices: type[E], default: E | None = None) -> E:
        """Return one of a closed set; without a default it must be there."""
        value = self._get(key, default)
        try:
            return choices(value)
        except ValueError:
            names = [str(choice) for choice in choices]
            first: E = next(iter(choices))
            return self._wrong(key, " or ".join(names), value, first, _nearest(value, names))

    def flag(self, key: str, default: bool, *, words: Sequence[str] = ()) -> bool:
        """Return true or false; `words` are what else may stand here, for a complaint."""
        value = self._get(key, default)
        if isinstance(value, bool):
            return value
        known = ["true", "false", *map(repr, words)]
        expected = f"{', '.join(known[:-1])} or {known[-1]}"
        return self._wrong(key, expected, value, default, _nearest(value, ["true", "false", *words]))

    def optional_number(self, key: str, *, above: float = -math.inf) -> float | None:
        """Return a finite number, or None where the key is absent."""
        return self.number(key, 0.0, above=above) if self.has(key) else None

    def number(self, key: str, default: float, *, above: float = -math.inf) -> float:
        """Return a finite number, larger than `above`."""
        value = self._get(key, default)
        if is_number(value) and (value > above or key not in self._values):
            return float(value)
        return self._wrong(key, "a number" if above == -math.inf else f"a number above {above:g}", value, default)

    def optional_count(self, key: str) -> int | None:
        """Return a whole number of at least 1, or None where the key is absent."""
        value = self._get(key, None)
        if value is None or (isinstance(value, int) and not isinstance(value, bool) and value > 0):
            return value
        return self._wrong(key, "a whole number above 0", value, None)

    def numbers(self, key: str) -> dict[str, float]:
        """Return a table of numbers by name."""
        table = self.table(key)
        return {name: table.number(name, 0.0) for name in table.keys_that_are(".+", "a name")}

    def table(self, key: str) -> Keys:
        """Return the table under a key, empty where there is none."""
        value = self._get(key, {})
        if not isinstance(value, Mapping):
            value = self._wrong(key, "a table of keys", value, {})
        return Keys(value, ".".join(part for part in (self._place, key) if part), self._problems)

    def tables(self, key: str, *, single: bool = False) -> list[Keys]:
        """Return the entries of a list of tables; a bare text is short for a table with that name."""
        value = self._get(key, [])
        entries = [value] if single and isinstance(value, Mapping | str) else value
        if not isinstance(entries, list) or not all(isinstance(entry, Mapping | str) for entry in entries):
            entries = self._wrong(key, "a table" if single else "a list of tables", value, [])
        place = ".".join(part for part in (self._place, key) if part)
        return [
            Keys(
                {"name": entry} if isinstance(entry, str) else entry,
                place if single else f"{place}[{index}]",
                self._problems,
            )
            for index, entry in enumerate(entries)
        ]

    def keys_that_are(self, pattern: str, what: str) -> list[str]:
        """Return the keys that match a pattern; complain of the others."""
        good = []
        for key in map(str, self._values):
            if re.fullmatch(pattern, key):
                good.append(key)
            else:
                self.complain(key, f"expected {what}, got {key!r}")
        return good

    def _get(self, key: str, default: Any) -> Any:
        self._known.append(key)
        value = self._values.get(key)
        return default if value is None else value

    def _wrong(self, key: str, expected: str, value: Any, stand_in: T, hint: str = "") -> T:
        got = "nothing" if value is None else repr(value)
        self.complain(key, f"expected {expected}, got {got}{hint}")
        return stand_in


def _nearest(value: object, known: Iterable[str]) -> str:
    hint = did_you_mean(value, known)
    return f". {hint}" if hint else ""


def _tidy(path: str) -> str:
    """Return a path as git spells it, a directory with its final slash."""
    posix = path.replace("\\", "/")
    return str(PurePosixPath(posix)) + ("/" if posix.endswith("/") else "")
