"""Measure one file after another over standard input and output: JSON lines, one request, one answer.

The loop of a run keeps one such process, so that the libraries are imported and the table is read once. An answer holds
the very text that `uv run prepare.py FILE` prints.
"""

from __future__ import annotations

import json
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

LIKELY = "likely"  # the lossy rule for stopping early


@dataclass(frozen=True, slots=True)
class Request:
    """What the ratchet asks for: a file, the best so far, what must be beaten, where scores are kept, which partition.

    With `stop_early`, folds that can no longer lead above `beat` are not run; LIKELY adds those that hardly can. With
    `is_sealed`, scores of the held-out rows are not stored.
    """

    file: Path
    best: Path | None = None
    beat: float | None = None
    stop_early: bool | str = True
    store: Path | None = None
    partition: int = 0
    is_sealed: bool = False


@dataclass(frozen=True, slots=True)
class Ask:
    """A question about a whole run: the name of a study, and what it needs to know."""

    name: str
    fields: Mapping[str, Any]


Answer = Mapping[str, Any]


def parse(line: str) -> Request | Ask:
    """Read a request. Raises ValueError."""
    fields = json.loads(line)
    if isinstance(fields, dict) and "ask" in fields:
        return Ask(str(fields["ask"]), fields)
    if not isinstance(fields, dict) or "file" not in fields:
        raise ValueError('expected {"file": PATH, …}')
    paths = {name: Path(fields[name]) for name in ("best", "store") if fields.get(name)}
    beat = fields.get("beat")
    return Request(
        Path(fields["file"]),
        beat=None if beat is None else float(beat),
        stop_early=_stop_early(fields.get("stop_early", True)),
        partition=int(fields.get("partition") or 0),
        is_sealed=bool(fields.get("sealed")),
        **paths,
    )


def _stop_early(value: object) -> bool | str:
    if isinstance(value, bool) or value == LIKELY:
        return value
    raise ValueError(f"stop_early: expected true, false or {LIKELY!r}, got {value!r}")


def serve(hello: Answer, answer: Callable[[Request | Ask], Answer], *, read: TextIO, write: TextIO) -> None:
    """Say hello, then answer each line until the input ends."""
    send(write, hello)
    for line in read:
        try:
            request = parse(line)
        except (ValueError, TypeError, RecursionError) as error:
            send(write, {"error": f"request: {error}"})
            continue
        try:
            told = answer(request)
        except (KeyError, TypeError, ValueError) as error:  # a request that makes no sense, or a mistake of ours
            traceback.print_exc()
            told = {"error": f"request: {type(error).__name__}: {error}"}
        send(write, told)


def send(write: TextIO, message: Answer) -> None:
    """Write one line, at once."""
    write.write(json.dumps(message) + "\n")
    write.flush()
