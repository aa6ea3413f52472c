"""Parse numbers and texts from the output of a command; missing, NaN and infinite numbers become None. Pure."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from typing import Any

from ratchet.core.config import Config, Reader, Source, Stream
from ratchet.core.records import LINE_CHARS, one_line

NUMBER = re.compile(
    r"(?<![\w.])[-+]?(?:\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?|(?<!\w)[-+]?(?:nan|inf(?:inity)?)\b",
    re.IGNORECASE,
)
# What loggers write before a message: brackets, times and signs; or a level, with words before it and names after it.
LOG_PREFIX = (
    r"^(?:(?:\[[^\]]*\]|[\d:.,/TZ+>|#*\s-])*"
    r"|.{0,200}\b(?:TRACE|DEBUG|INFO|NOTICE|WARN|WARNING|ERROR|CRITICAL|FATAL)\b\W*(?:[\w.]+\s*[:|-]+\s*)*)"
)
COLOURS = re.compile(r"\x1b\[[\d;]*m")  # that a tool prints although nobody sees them
BROKEN_DOCUMENTS = 1000  # beginnings of JSON in one output that turn out not to be JSON
COUNTS = re.compile(
    r"[=\s]*(?:\d+ (?:passed|failed|errors?|skipped|xfailed|xpassed|deselected|warnings?|rerun|subtests passed)"
    r"(?:, |,|(?= in )|(?=[\s=]*$)))+(?: in [\d.:]+ ?s?.*)?[=\s]*"
)
TEST_LINE = re.compile(r"^\s*test", re.IGNORECASE)  # about the held-out rows of a sealed run
_TO_SECONDS = {"ns": 1e-9, "µs": 1e-6, "μs": 1e-6, "us": 1e-6, "ms": 1e-3, "s": 1.0, "min": 60.0}


def is_number(value: object) -> bool:
    """Say whether a value from JSON or TOML is a finite number."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def pattern_of(source: Source) -> str:
    """Return the pattern of the line with the number.

    `^name:`, the default, also matches `name = value`, and either behind the prefix of a logger, unless the number is
    read from stdout alone.
    """
    if source.stream is Stream.STDOUT or source.grep != f"^{re.escape(source.name)}:":
        return source.grep
    return rf"{LOG_PREFIX}{re.escape(source.name)}\s*[:=]"


def read_output(stdout: str, stderr: str, source: Source) -> float | None:
    """Return the number of a source in the output of a command; what stdout holds comes before what stderr holds."""
    if source.stream is not Stream.BOTH:
        return read_number(stdout if source.stream is Stream.STDOUT else stderr, source)
    if source.grep and _last_match(stdout, pattern_of(source)):  # a nan on stdout is an answer, too
        return read_number(stdout, source)
    return next((value for text in (stdout, stderr) if (value := read_number(text, source)) is not None), None)


def read_number(text: str, source: Source) -> float | None:
    """Return the number of a source in a text, or None if it is missing or not finite.

    `grep` uses the last matching line: its first group if the pattern has one, else the first number after the match.
    """
    text = COLOURS.sub("", text) if "\x1b[" in text else text
    if source.reader is not None:
        return _finite(_READERS[source.reader](text))
    if source.json:
        return _finite(_json_number(text, source.json))
    if source.line:
        return _finite(_line_number(text, source.line))
    return _finite(_grep_number(text, pattern_of(source)))


def last_number(text: str) -> float | None:
    """Return the first number on the last line that is not blank: what a `parse` command prints."""
    return _finite(_first_number(last_line(text)))


def read_words(text: str, pattern: str, limit: int = LINE_CHARS) -> str:
    """Return the text after `pattern` on the last line that matches it; empty if no line does."""
    found = _last_match(text, pattern) if pattern else None
    return one_line(found[1][found[0].end() :], limit) if found else ""


def sealed_numbers(numbers: Mapping[str, float | None], config: Config) -> dict[str, float | None]:
    """Return the numbers with None for those named in `audit`."""
    hidden = {source.name for source in config.audit}
    return {name: None if name in hidden else value for name, value in numbers.items()}


def sealed_text(text: str, config: Config) -> str:
    """Return the output of a command without the lines about the held-out rows.

    A number that is not found by a pattern has no line of its own, so then the whole output is dropped.
    """
    if any(not source.grep for source in config.audit):
        return ""
    return sealed_messages(text, config)


def sealed_messages(text: str, config: Config) -> str:
    """Return text, such as stderr, without the lines about the held-out rows."""
    patterns = [TEST_LINE, *(re.compile(pattern_of(source)) for source in config.audit if source.grep)]
    kept = [line for line in text.splitlines() if not any(pattern.search(line) for pattern in patterns)]
    return "".join(f"{line}\n" for line in kept)


def relative_to(text: str, folder: str) -> str:
    """Return text with the paths in a folder relative to it."""
    return text.replace(f"{folder.rstrip('/')}/", "") if folder else text


def last_line(text: str) -> str:
    """Return the last line that is not blank."""
    return one_line(next((line for line in reversed(text.splitlines()) if line.strip()), ""))


def _grep_number(text: str, pattern: str) -> float | None:
    found = _last_match(text, pattern)
    if found is None:
        return None
    match, line = found
    groups = [group for group in match.groups() if group is not None]
    return _first_number((groups or [""])[0] if match.re.groups else line[match.end() :])


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


def _line_number(text: str, number: int) -> float | None:
    """Return the first number on a line, which counts from 1, or if negative from the last that is not blank."""
    lines = (text if number > 0 else text.rstrip()).splitlines()
    index = number - 1 if number > 0 else number
    return _first_number(lines[index]) if -len(lines) <= index < len(lines) else None


def _json_number(text: str, path: str) -> Any:
    """Return the value at a path of the last JSON document in a text that has it."""
    found = (_at_path(document, path) for document in reversed(list(_documents(text))))
    return next((value for value in found if value is not None), None)


def _documents(text: str) -> Iterator[Any]:
    """Yield every JSON object or list that begins on a line of its own, and spans one line or several."""
    decoder, position, broken = json.JSONDecoder(), 0, 0
    for start in re.finditer(r"^[^\S\n]*(?=[{\[])", text, re.MULTILINE):
        if start.end() < position or broken > BROKEN_DOCUMENTS:
            continue
        try:
            value, position = decoder.raw_decode(text, start.end())
        except (ValueError, RecursionError):
            broken += 1
            continue
        yield value


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
    """Return the percentage of passed tests from pytest's last line with counts."""
    for line in reversed(text.splitlines()):
        counts = {word: int(number) for number, word in re.findall(r"(\d+) (passed|failed|errors?|xpassed)\b", line)}
        if counts and COUNTS.fullmatch(line):
            passed = counts.get("passed", 0) + counts.get("xpassed", 0)
            return 100.0 * passed / sum(counts.values())
    return None


def _coverage_percent(text: str) -> float | None:
    """Return the percentage of `coverage report` or pytest-cov, or `totals.percent_covered` of coverage's JSON."""
    document = _json_number(text, "totals.percent_covered")
    if document is not None:
        return _finite(document)
    return _grep_number(text, r"^TOTAL\b.*?(\S+)%\s*$|Total coverage: ([\d.]+)%|^(\d+(?:\.\d+)?)$")


def _hyperfine_mean(text: str) -> float | None:
    """Return the mean seconds of the last command, from hyperfine's table or its JSON."""
    document = _json_number(text, "results[-1].mean")
    if document is not None:
        return _finite(document)
    found = _last_match(text, r"Time \(mean[^)]*\):\s*([\d.]+)\s*(\S+)")
    return float(found[0].group(1)) * _TO_SECONDS.get(found[0].group(2), math.nan) if found else None


_READERS = {
    Reader.PYTEST: _pytest_pass_rate,
    Reader.COVERAGE: _coverage_percent,
    Reader.HYPERFINE: _hyperfine_mean,
}
