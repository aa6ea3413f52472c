"""What is being done on a run just now: a small file that whoever works on it leaves for whoever looks.

It is talk, not truth: written without waiting for the disk, missing or stale without harm. Believe it only while the
run's lock is held.
"""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from math import inf
from typing import Any

from ratchet.core.records import one_line
from ratchet.core.stop_rules import Limits
from ratchet.repo.run import Run

FILE = "now.json"


@dataclass(frozen=True, slots=True)
class Notice:
    """What is done now, since when (seconds since 1970), and the limits of the loop that does it.

    `first_n` is the experiment that the loop began with, `started` when; both are None where there is no loop.
    """

    text: str = ""
    since: float = 0.0
    limits: Limits = field(default_factory=Limits)
    first_n: int | None = None
    started: float | None = None


class Board:
    """Where a command that works on a run says what it does."""

    def __init__(self, run: Run) -> None:
        self._path = run.folder / FILE
        self._loop: dict[str, Any] = {}
        self._is_ours = False

    def begin_loop(self, limits: Limits, first_n: int) -> None:
        """Remember, for every notice from now on, when the loop will end by itself."""
        finite = {key: value for key, value in asdict(limits).items() if value not in {None, inf}}
        self._loop = {"limits": finite, "first_n": first_n, "started": time.time()}

    def show(self, text: str) -> None:
        """Replace what is written; a disk that cannot take it is no reason to stop working."""
        line = json.dumps({"text": one_line(text), "since": time.time(), **self._loop})
        temporary = self._path.with_name(f".{FILE}.ratchet~")
        with contextlib.suppress(OSError):
            temporary.write_text(line, "utf-8")
            temporary.replace(self._path)
            self._is_ours = True

    def clear(self) -> None:
        """Take our notice away; one that we found and never wrote over is somebody else's."""
        if not self._is_ours:
            return
        with contextlib.suppress(OSError):
            self._path.unlink(missing_ok=True)


def read_notice(run: Run) -> Notice | None:
    """Return what is written, or None where nothing is, or nothing that makes sense."""
    try:
        data = json.loads((run.folder / FILE).read_text("utf-8"))
        return Notice(
            text=one_line(str(data["text"])),
            since=float(data["since"]),
            limits=_limits(data.get("limits") or {}),
            first_n=None if data.get("first_n") is None else int(data["first_n"]),
            started=None if data.get("started") is None else float(data["started"]),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _limits(data: Mapping[str, Any]) -> Limits:
    return Limits(data.get("n"), data.get("patience"), data.get("until"), float(data.get("minutes", inf)))
