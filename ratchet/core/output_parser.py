"""Parse numbers and texts from the output of a command; missing, NaN and infinite numbers become None. Pure."""

from __future__ import annotations

import json
import math
import re
from typing import Any

from ratchet.core.config import Reader, Source
from ratchet.core.records import LINE_CHARS, one_line

NUMBER = re.compile(
    r"(?<![\w.])[-+]?(?:\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?|(?<!\w)[-+]?(?:nan|inf(?:inity)?)\b",
    re.IGNORECASE,
)
_TO_SECONDS = {"ns": 1e-9, "µs": 1e-6, "μs": 1e-6, "us": 1e-6, "ms": 1e-3, "s": 1.0, "min": 60.0}


def is_number(value: object) -> bool:
    """Say whether a value from JSON or TOML is a finite number."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def read_number(text: str, source: Source) -> float | None:
    """Return the number of a source in a text, or None if it is missing or not finite.

    `grep` uses the last matching line: its first group if the pattern has one, else the first number after the match.
    """
    if source.reader is not None:
        return _finite(_READERS[source.reader](text))
    if source.json:
        return _finite(_at_path(_last_json(text), source.json))
    return _finite(_grep_number(text, source.grep))


def read_words(text: str, pattern: str, limit: int = LINE_CHARS) -> str:
    """Return the text after `pattern` on the last line that matches it; empty if no line does."""
    found = _last_match(text, pattern) if pattern else None
    return one_line(found[1][found[0].end() :], limit) if found else ""


def last_line(text: str) -> str:
    """Return the last line that is not blank."""
    return one_line(next((line for line in reversed(text.splitlines()) if line.strip()), ""))


def _grep_number(text: str, pattern: str) -> float | None:
    found = _last_match(text, pattern)
    if found is None:
        return None
    match, line = found
    return _first_number(match.group(1) or "" if match.re.groups else line[match.end() :])


def _last_match(text: str, pattern: str) -> tuple[re.Match[str], str] | None:
    expression = re.compile(pattern)
    for line in reversed(text.splitlines()):
        match = expression.search(line)
        if match:
            return match, line
    return None


def _first_number(text: str) -> float | None:
    match = NUMBER.search(text)
    return float(match.group().replace(",", "")) if match else None


def _finite(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value) if math.isfinite(value) else None
    except OverflowError:
        return None


def _last_json(text: str) -> Any:
    """Parse the whole text as JSON, else the last line that is JSON."""
    for candidate in (text, *reversed(text.splitlines())):
        try:
            value = json.loads(candidate)
        except (ValueError, RecursionError):
            continue
        if isinstance(value, dict | list):
            return value
    return None


def _at_path(value: Any, path: str) -> Any:
    """Return the value at `results[0].mean` or `results.0.mean`; None if the path does not exist."""
    for part in re.findall(r"[^.\[\]]+", path.removeprefix("$")):
        if isinstance(value, dict):
            value = value.get(part)
        elif isinstance(value, list) and re.fullmatch(r"-?\d+", part) and -len(value) <= int(part) < len(value):
            value = value[int(part)]
        else:
            return None
    return value


def _pytest_pass_rate(text: str) -> float | None:
    """Return the percentage of passed tests from pytest's last line."""
    for line in reversed(text.splitlines()):
        counts = {word: int(number) for number, word in re.findall(r"(\d+) (passed|failed|errors?|xpassed)\b", line)}
        if counts and re.search(r" in [\d.]+s", line):
            passed = counts.get("passed", 0) + counts.get("xpassed", 0)
            return 100.0 * passed / sum(counts.values())
    return None


def _coverage_percent(text: str) -> float | None:
    """Return the last column of the TOTAL line of `coverage report`, or `totals.percent_covered` of its JSON."""
    document = _at_path(_last_json(text), "totals.percent_covered")
    return document if document is not None else _grep_number(text, r"^TOTAL\b.*?(\S+)%\s*$")


def _hyperfine_mean(text: str) -> float | None:
    """Return the mean seconds of the last command, from hyperfine's table or its JSON."""
    document = _at_path(_last_json(text), "results[-1].mean")
    if document is not None:
        return _finite(document)
    found = _last_match(text, r"Time \(mean[^)]*\):\s*([\d.]+)\s*(\S+)")
    return float(found[0].group(1)) * _TO_SECONDS.get(found[0].group(2), math.nan) if found else None


_READERS = {
    Reader.PYTEST: _pytest_pass_rate,
    Reader.COVERAGE: _coverage_percent,
    Reader.HYPERFINE: _hyperfine_mean,
}
