"""Read a train.py as text, without running it: its hypothesis, and whether it keeps the contract."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from harness.checks import editable_only
from harness.checks.literals import find_hypothesis
from harness.text import one_line

MAX_FILE_BYTES = 1_000_000
HYPOTHESIS_LENGTH = 200


class Status(StrEnum):
    """How an evaluation ended."""

    OK = "ok"
    TIMEOUT = "timeout"
    CRASHED = "crashed"
    REJECTED = "rejected"
    LEAK = "leak"


@dataclass(frozen=True, slots=True)
class TrainFile:
    """A train.py as text, its hypothesis if it has one, and the reason why it cannot be run, else ''."""

    text: str
    hypothesis: str | None = None
    status: Status = Status.OK
    reason: str = ""


def read_file(path: Path, best: Path | None = None) -> TrainFile:
    """Read a file; an unreadable one is rejected. Its frozen parts are compared with those of the best so far."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        return TrainFile("", None, Status.REJECTED, f"{path.name}: {error.strerror}")
    if len(data) > MAX_FILE_BYTES:
        too_long = f"{editable_only.NAME}: more than {MAX_FILE_BYTES} bytes. Fix: {editable_only.FIX}"
        return TrainFile("", None, Status.REJECTED, too_long)
    frozen = read_file(best) if best else None
    return read_source(data, frozen.text if frozen and frozen.status is Status.OK else "")


def read_source(data: bytes, best: str = "") -> TrainFile:
    """Read the bytes of a train.py: its hypothesis, and whether it keeps the contract.

    `best` is the text of the best so far, whose docstring is frozen; '' for a file by itself.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return TrainFile("", None, Status.REJECTED, f"train.py is not UTF-8 text (byte {error.start})")
    with _as_reason() as reasons:
        violation = editable_only.first_violation(text) or editable_only.changed_docstring(text, best)
        hypothesis = _hypothesis(text) if len(text) <= editable_only.MAX_SOURCE else None
    if reasons:
        return TrainFile(text, None, Status.CRASHED, reasons[0])
    if violation:
        reason = one_line(f"{editable_only.NAME}: {violation}. Fix: {editable_only.FIX}", 500)
        return TrainFile(text, hypothesis, Status.REJECTED, reason)
    return TrainFile(text, hypothesis)


@contextmanager
def _as_reason() -> Iterator[list[str]]:
    """Collect an error of Python's parser as one line."""
    reasons: list[str] = []
    try:
        yield reasons
    except SyntaxError as error:
        reasons.append(one_line(f"{type(error).__name__}: {error.msg} (train.py:{error.lineno})"))
    except (ValueError, RecursionError, MemoryError) as error:
        reasons.append(one_line(f"{type(error).__name__}: {error} (train.py)"))


def _hypothesis(text: str) -> str | None:
    """Return the string assigned to HYPOTHESIS at the top level, as one printable line."""
    hypothesis = find_hypothesis(ast.parse(text))
    return one_line(str(hypothesis.value), HYPOTHESIS_LENGTH) or None if hypothesis else None
