"""The current activity of a run, in a small file that a working process writes for `ratchet watch`.

The file is not part of the record. It is written without fsync and may be missing or out of date. Use it only while the
lock of the run is held.
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
from ratchet.repo.files import write_atomic
from ratchet.repo.run import Run

FILE = "now.json"


@dataclass(frozen=True, slots=True)
class Notice:
    """The current activity, when it began (seconds since 1970), and the limits of the loop.

    `first_n` is the first experiment of the loop and `started` its start time. Both are None without a loop.
    """

    text: str = ""
    since: float = 0.0
    limits: Limits = field(default_factory=Limits)
    first_n: int | None = None
    started: float | None = None


class Board:
    """Writes the current activity of a command that works on a run."""

    def __init__(self, run: Run) -> None:
        self._path = run.folder / FILE
        self._loop: dict[str, Any] = {}
        self._is_ours = False

    def begin_loop(self, limits: Limits, first_n: int) -> None:
        """Add the limits of a loop to every later notice."""
        finite = {key: value for key, value in asdict(limits).items() if value not in {None, inf}}
        self._loop = {"limits": finite, "first_n": first_n, "started": time.time()}

    def show(self, text: str) -> None:
        """Replace the notice. A disk error is ignored: the run does not depend on this file."""
        line = json.dumps({"text": one_line(text), "since": time.time(), **self._loop})
        with contextlib.suppress(OSError):
            write_atomic(self._path, line)
            self._is_ours = True

    def clear(self) -> None:
        """Remove the notice if this process wrote it; otherwise it belongs to another process."""
        if not self._is_ours:
            return
        with contextlib.suppress(OSError):
            self._path.unlink(missing_ok=True)


def read_notice(run: Run) -> Notice | None:
    """Return the notice, or None if it is missing or malformed."""
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
