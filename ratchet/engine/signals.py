"""Stop requests to a loop: Ctrl-C, SIGTERM, SIGHUP (a closed terminal), or `ratchet stop` from another shell.

The last one records who asked.
"""

from __future__ import annotations

import contextlib
import getpass
import json
import os
import signal
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import FrameType
from typing import Any

from ratchet.core.records import one_line

ASKED = "asked to stop"
NOW, LATER = "now", "after this experiment"
ASKER_MARKS = ("RATCHET", "CLAUDECODE")  # prefixes of variables that show whether an agent or a person asked


class Stopper:
    """Knows whether to stop after the current experiment or at once."""

    def __init__(self, stop_file: Path, say: Callable[[str], None]) -> None:
        self._file = stop_file
        self._say = say
        self.was_interrupted = False
        self._is_now = False

    @contextlib.contextmanager
    def listening(self) -> Iterator[None]:
        """Handle Ctrl-C: the first finishes the experiment and stops, the second raises KeyboardInterrupt."""
        self._file.unlink(missing_ok=True)
        before = signal.signal(signal.SIGINT, self._hear)
        try:
            with ending_by_signal(self._stop_now):
                yield
        finally:
            signal.signal(signal.SIGINT, before)

    def is_asked(self) -> bool:
        """Say whether the loop should end after the current experiment."""
        return self.was_interrupted or self._file.exists()

    def is_asked_now(self) -> bool:
        """Say whether the current experiment should end at once."""
        return self._is_now or _read_request(self._file).get("when") == NOW

    def _stop_now(self) -> None:
        self.was_interrupted = self._is_now = True  # for parallel loops, whose threads receive no signal

    def _hear(self, number: int, frame: FrameType | None) -> None:
        if self.was_interrupted:
            self._stop_now()
            raise KeyboardInterrupt
        self.was_interrupted = True
        self._say("stopping after this experiment; press Ctrl-C again to stop now")


def ask_to_stop(stop_file: Path, *, now: bool = False) -> None:
    """Write the stop request, with the user who asked, for the process that works on the run."""
    stop_file.parent.mkdir(parents=True, exist_ok=True)
    temporary = stop_file.with_name(f"{stop_file.name}.ratchet~")
    temporary.write_text(json.dumps({"when": NOW if now else LATER, "asked_by": _asker()}), "utf-8")
    temporary.replace(stop_file)


def asker_of(stop_file: Path) -> Mapping[str, Any]:
    """Return who requested the stop (user, pid, parent_pid, marks), empty without a request."""
    found = _read_request(stop_file).get("asked_by")
    return found if isinstance(found, dict) else {}


def _asker() -> dict[str, Any]:
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # a container without user names
        user = ""
    marks = {name: one_line(value) for name, value in sorted(os.environ.items()) if name.startswith(ASKER_MARKS)}
    return {"user": user, "pid": os.getpid(), "parent_pid": os.getppid(), "marks": marks}


def _read_request(stop_file: Path) -> dict[str, Any]:
    """Return the stop request, empty if the file is missing or not valid."""
    try:
        request = json.loads(stop_file.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return request if isinstance(request, dict) else {}


@contextlib.contextmanager
def ending_by_signal(first: Callable[[], None] = lambda: None) -> Iterator[None]:
    """Turn SIGTERM and SIGHUP into SystemExit, so that everything we started ends before we do.

    A signal that was ignored before (SIGHUP under nohup) stays ignored. Only the first one counts: a second one must
    not interrupt the cleaning up.
    """
    numbers = [signal.SIGTERM, *([signal.SIGHUP] if sys.platform != "win32" else [])]
    before = {number: signal.getsignal(number) for number in numbers}
    heard = {number: old for number, old in before.items() if old not in {signal.SIG_IGN, None}}

    def end(number: int, frame: FrameType | None) -> None:
        for one in heard:
            signal.signal(one, signal.SIG_IGN)
        first()
        raise SystemExit(128 + number)

    for number in heard:
        signal.signal(number, end)
    try:
        yield
    finally:
        for number, old in heard.items():
            signal.signal(number, old)
