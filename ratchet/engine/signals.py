"""How a loop is asked to stop: Ctrl-C, SIGTERM, or `ratchet stop` from another shell, which says who asked."""

from __future__ import annotations

import contextlib
import getpass
import json
import os
import signal
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import FrameType
from typing import Any

from ratchet.core.records import one_line

ASKED = "asked to stop"
NOW, LATER = "now", "after this experiment"
ASKER_MARKS = ("RATCHET", "CLAUDECODE")  # variables that begin so tell an agent's shell from a person's


class Stopper:
    """Knows whether to stop after this experiment, or at once."""

    def __init__(self, stop_file: Path, say: Callable[[str], None]) -> None:
        self._file = stop_file
        self._say = say
        self.was_interrupted = False
        self._is_now = False

    @contextlib.contextmanager
    def listening(self) -> Iterator[None]:
        """Answer Ctrl-C: once is a wish to finish this experiment, twice is KeyboardInterrupt."""
        self._file.unlink(missing_ok=True)
        before = signal.signal(signal.SIGINT, self._hear)
        before_term = signal.signal(signal.SIGTERM, _end)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, before)
            signal.signal(signal.SIGTERM, before_term)

    def is_asked(self) -> bool:
        """Say whether the loop should end after this experiment."""
        return self.was_interrupted or self._file.exists()

    def is_asked_now(self) -> bool:
        """Say whether the experiment should end, too."""
        return self._is_now or _read_request(self._file).get("when") == NOW

    def _hear(self, number: int, frame: FrameType | None) -> None:
        if self.was_interrupted:
            self._is_now = True  # for lanes, which run in threads and hear no signal
            raise KeyboardInterrupt
        self.was_interrupted = True
        self._say("stopping after this experiment; Ctrl-C again stops now")


def ask_to_stop(stop_file: Path, *, now: bool = False) -> None:
    """Leave the wish, and who has it, for whoever works on the run."""
    stop_file.parent.mkdir(parents=True, exist_ok=True)
    temporary = stop_file.with_name(f"{stop_file.name}.ratchet~")
    temporary.write_text(json.dumps({"when": NOW if now else LATER, "asked_by": _asker()}), "utf-8")
    temporary.replace(stop_file)


def asker_of(stop_file: Path) -> Mapping[str, Any]:
    """Return who left the wish to stop (user, pid, parent_pid, marks), or nothing when nobody did."""
    found = _read_request(stop_file).get("asked_by")
    return found if isinstance(found, dict) else {}


def _asker() -> dict[str, Any]:
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # a container where nobody has a name
        user = ""
    marks = {name: one_line(value) for name, value in sorted(os.environ.items()) if name.startswith(ASKER_MARKS)}
    return {"user": user, "pid": os.getpid(), "parent_pid": os.getppid(), "marks": marks}


def _read_request(stop_file: Path) -> dict[str, Any]:
    """Return what the file says; one that somebody made by hand, or that is not there, says nothing."""
    try:
        request = json.loads(stop_file.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return request if isinstance(request, dict) else {}


def _end(number: int, frame: FrameType | None) -> None:
    raise SystemExit(128 + number)
