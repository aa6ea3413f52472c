"""Find in the output of a failed command why it failed: the message, and the file and line that it names. Pure.

Covered: tracebacks of Python, pytest, JavaScript and Java, panics of Go and Rust, and the `file:line:column` of
compilers, type checkers and shells. An output that names no place gives an empty text.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import PurePath

from ratchet.core.output_parser import relative_to
from ratchet.core.records import LINE_CHARS, one_line

MESSAGE_CHARS = 300  # of the exception; the place follows it
_FILE = r"(?P<file>(?:[A-Za-z]:)?[^\s:\"'()]+)"
_POSITION = r"(?P<line>\d+)(?::(?P<column>\d+))?"
_FRAME = re.compile(r'\s*File "(?P<file>[^"]+)", line (?P<line>\d+)')
_STACK = re.compile(rf"\s+at (?:.*\()?(?:file://)?{_FILE}:{_POSITION}\)?\s*$")
_GO_FRAME = re.compile(rf"\s+{_FILE}:{_POSITION} \+0x")
_PANIC = re.compile(rf"thread '.*' .*panicked at (?:'(?P<message>.*)', )?{_FILE}:{_POSITION}:?$")
_ARROW = re.compile(rf"\s*--> {_FILE}:{_POSITION}")
_ERRORS = tuple(
    re.compile(pattern)
    for pattern in (
        rf"{_FILE}:{_POSITION}:\s*(?P<message>(?:fatal |syntax |type )?[Ee]rror\b.*)",  # gcc, clang, javac, dart, mypy
        rf"{_FILE}\((?P<line>\d+)(?:,(?P<column>\d+))?\):? (?P<message>error\b.*)",  # tsc, msbuild
        rf"{_FILE}: line (?P<line>\d+): (?P<message>.+)",  # bash
        rf"(?:PHP )?(?P<message>.+) in {_FILE}(?: on line |:)(?P<line>\d+)$",
        rf"(?P<message>.+) at {_FILE} line (?P<line>\d+)\.?$",  # perl
        rf"{_FILE}:(?P<line>\d+):in [`'].*?': (?P<message>.+)",  # ruby
        rf"{_FILE}:(?P<line>\d+):(?P<column>\d+): (?P<message>(?![Ww]arning|[Nn]ote|[Ii]nfo)\S.*)",  # go, linters
    )
)
_PYTEST_PLACE = re.compile(rf"{_FILE}:(?P<line>\d+):(?: |$)")


@dataclass(frozen=True, slots=True)
class Located:
    """A message with the place that the output names for it."""

    message: str
    file: str
    line: str
    column: str = ""

    def text(self) -> str:
        """Return the message and the place as one line."""
        place = ":".join(part for part in (self.file, self.line, self.column) if part)
        message = one_line(self.message, MESSAGE_CHARS)
        return f"{message} ({place})" if message else place


def failure_text(outputs: Sequence[str], folder: str = "") -> str:
    """Return why a command failed and where, as one line; empty if no output names a place.

    `folder` is where the command ran: files in it are the project's own, preferred to those of libraries, and named by
    their path in it. The first output that names a place counts.
    """
    for output in outputs:
        lines = [line.rstrip() for line in relative_to(output, folder).splitlines()]
        for find in _READERS:
            found = find(lines)
            if found is not None:
                return found.text()
    return ""


def _traceback(lines: Sequence[str]) -> Located | None:
    """Read the last Python traceback, or the place of a syntax error, which has no header."""
    heads = [index for index, line in enumerate(lines) if line.endswith("Traceback (most recent call last):")]
    tail = lines[heads[-1] if heads else 0 :]
    frames = [(index, match) for index, line in enumerate(tail) if (match := _FRAME.match(line))]
    if not frames:
        return None
    after = (line for line in tail[frames[-1][0] + 1 :] if line and not line[0].isspace())
    return _failure(_nearest([match for _, match in frames][::-1]), next(after, ""))


def _pytest(lines: Sequence[str]) -> Located | None:
    """Read the first failure: its lines begin with `E`, its place stands inside, below or above them."""
    start = next((index for index, line in enumerate(lines) if line.startswith("E   ")), None)
    if start is None:
        return None
    end = next((index for index in range(start, len(lines)) if not lines[index].startswith("E ")), len(lines))
    block = [line[1:] for line in lines[start:end]]
    inside = next((match for line in block if (match := _FRAME.match(line))), None)
    below = next((match for line in lines[end : end + 3] if (match := _PYTEST_PLACE.match(line))), None)
    above = next((match for line in reversed(lines[:start]) if (match := _PYTEST_PLACE.match(line))), None)
    place = inside or below or above
    return _failure(place, block[-1 if inside else 0]) if place else None


def _stack(lines: Sequence[str]) -> Located | None:
    """Read the first stack of JavaScript or Java: a message, then lines with `at`."""
    for start, line in enumerate(lines):
        if _STACK.match(line):
            frames = [match for line in lines[start:] if (match := _STACK.match(line))]
            return _failure(_nearest(frames), next(filter(_is_message, reversed(lines[:start])), ""))
    return None


def _is_message(line: str) -> bool:
    return bool(line.strip()) and not line.lstrip().startswith("at ")


def _panic(lines: Sequence[str]) -> Located | None:
    """Read a panic of Rust or Go, or an error of rustc."""
    for index, line in enumerate(lines):
        if match := _PANIC.match(line):
            return _failure(match, match["message"] or next(iter(lines[index + 1 :]), ""))
        if line.startswith("error") and index + 1 < len(lines) and (match := _ARROW.match(lines[index + 1])):
            return _failure(match, line)
        if line.startswith("panic: "):
            frames = [match for line in lines[index:] if (match := _GO_FRAME.match(line))]
            return _failure(_nearest(frames), line) if frames else None
    return None


def _compiler(lines: Sequence[str]) -> Located | None:
    """Read the first line with a place; lines that say `error` come before others."""
    for pattern in _ERRORS:
        for line in lines:
            match = pattern.match(line[: 4 * LINE_CHARS])
            if match and PurePath(match["file"]).suffix:
                return _failure(match, match["message"])
    return None


_READERS: tuple[Callable[[Sequence[str]], Located | None], ...] = (_pytest, _traceback, _stack, _panic, _compiler)


def _nearest(frames: Sequence[re.Match[str]]) -> re.Match[str]:
    """Return the first frame in a file of the project, else the first one."""
    return next((frame for frame in frames if not _is_foreign(frame)), frames[0])


def _is_foreign(frame: re.Match[str]) -> bool:
    file = frame["file"]
    is_inside = not PurePath(file).is_absolute() and not file.startswith(("<", "node:"))
    return not is_inside or "node_modules/" in file or "java.base/" in frame.string


def _failure(match: re.Match[str], message: str) -> Located:
    column = match.groupdict().get("column") or ""
    return Located(message.strip(), match["file"].removeprefix("./"), match["line"], column)
