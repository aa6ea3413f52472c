"""How a loop is asked to stop: Ctrl-C, SIGTERM, or `ratchet stop` from another shell."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType

NOW = "now"


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
        try:
            return self._is_now or self._file.read_text("utf-8").strip() == NOW
        except OSError:
            return False

    def _hear(self, number: int, frame: FrameType | None) -> None:
        if self.was_interrupted:
            self._is_now = True  # for lanes, which run in threads and hear no signal
            raise KeyboardInterrupt
        self.was_interrupted = True
        self._say("stopping after this experiment; Ctrl-C again stops now")


def ask_to_stop(stop_file: Path, *, now: bool = False) -> None:
    """Leave the wish for whoever works on the run."""
    stop_file.parent.mkdir(parents=True, exist_ok=True)
    stop_file.write_text(NOW if now else "", "utf-8")


def _end(number: int, frame: FrameType | None) -> None:
    raise SystemExit(128 + number)
