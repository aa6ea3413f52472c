"""A child that answers a line of JSON with lines of JSON: a word of progress now and then, then the answer.

It is trusted as the command of the config is; how it dies, stalls or babbles is an answer like any other.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from harness.process import LineServer
from ratchet.errors import RatchetError
from ratchet.measuring import Progress
from ratchet.records import one_line
from ratchet.schema import Config

LOOK_S = 0.2
ERROR_CHARS = 1000

Message = Mapping[str, Any]


class UnknownStudyError(RatchetError):
    """The server does not answer such a question; another one might."""


class Server:
    """The `serve` command of a config, started in a folder and ready. Raises RatchetError when it does not get so."""

    def __init__(
        self,
        config: Config,
        *,
        cwd: Path,
        env: Mapping[str, str],
        log: Path | None = None,
        should_stop: Callable[[], bool] = lambda: False,
    ) -> None:
        self._config = config
        self._should_stop = should_stop
        self._child = LineServer(config.serve, cwd=cwd, env=env, log=log)
        self.ready = self._await(config.timeout, lambda message: "ready" in message, lambda _: None)
        if "ready" not in self.ready:
            said = self._child.failure or self.ready.get("error") or "no answer"
            self.close()
            raise RatchetError(
                f"{config.serve}: expected a server that gets ready, got: {one_line(str(said)).rstrip('.')}. "
                f"See {log or 'its messages above'}."
            )

    @property
    def is_alive(self) -> bool:
        """It has not ended."""
        return self._child.is_alive

    def measure(self, request: Mapping[str, Any], progress: Progress) -> Message:
        """Return the last message on a request, {"error"} or {"timeout"} where there is none."""
        if not self._child.send(json.dumps(request)):
            return {"error": "the measuring server is gone"}
        return self._await(self._config.timeout, lambda message: "exit" in message, progress)

    def ask(self, name: str, fields: Mapping[str, Any], progress: Progress) -> Message:
        """Return the answer to a question. Raises RatchetError with what the server says instead.

        Each word of progress gives it another `timeout` seconds.
        """
        known = self.ready.get("asks")
        if not isinstance(known, list) or name not in known:
            raise UnknownStudyError(
                f"{self._config.serve}: expected a server that answers `{name}`, got one that does not know it."
            )
        self._child.send(json.dumps({"ask": name, **fields}))
        timeout_s = self._config.timeout
        message = self._await(timeout_s, lambda message: "answer" in message, progress, is_patient=True)
        answer = message.get("answer")
        if isinstance(answer, Mapping):
            return answer
        self.close()
        said = message.get("error") or f"no word for {timeout_s:g} s"
        raise RatchetError(one_line(str(said), ERROR_CHARS))

    def close(self) -> None:
        """End it."""
        self._child.close()

    def _await(
        self,
        timeout_s: float,
        is_last: Callable[[Message], bool],
        progress: Progress,
        *,
        is_patient: bool = False,
    ) -> Message:
        """Read messages up to the last one; {"error"} or {"timeout"} when it does not come.

        The time runs from the request, or for the patient from the last word of progress.
        """
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            if self._should_stop():
                raise KeyboardInterrupt
            line = self._child.receive(LOOK_S)
            if line is None and not self._child.is_alive:
                return {"error": f"the measuring server died (exit status {self._child.exit_code})"}
            message = _message(line)
            if is_last(message) or "error" in message:
                return message
            if "progress" in message:
                deadline = time.monotonic() + timeout_s if is_patient else deadline
                progress(one_line(str(message["progress"])))
        return {"timeout": True}


def _message(line: str | None) -> Message:
    """Parse a line; talk that is no JSON object is passed over."""
    try:
        message = json.loads(line or "")
    except (ValueError, RecursionError):
        return {}
    return message if isinstance(message, dict) else {}
