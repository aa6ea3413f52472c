"""Measure with a warm server: one child that imports once and answers a line of JSON for every candidate.

The server is trusted as the command is; how it dies, stalls or babbles is a measurement like any other, and the next
candidate gets a new one.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from harness.process import LineServer, Outcome
from ratchet import snapshots
from ratchet.errors import RatchetError
from ratchet.measuring import Candidate, Progress, checkout, interpret, measuring_env
from ratchet.records import Ending, Measurement, one_line
from ratchet.runs import Run, run_event

LOOK_S = 0.2
ERROR_CHARS = 1000


class ServerMeasurer:
    """Asks a server in a checkout of the run's first commit; of a candidate it gets the editable file alone."""

    def __init__(self, run: Run, should_stop: Callable[[], bool] = lambda: False, *, is_loud: bool = False) -> None:
        self._run = run
        self._should_stop = should_stop
        self._log = None if is_loud else run.folder / "log"
        self._server: LineServer | None = None
        self._ready: Mapping[str, Any] = {}

    def parts(self) -> Mapping[str, str]:
        """Return what the server says it is made of. Raises RatchetError when it cannot start."""
        self._start()
        parts = self._ready.get("parts")
        return {str(key): str(value) for key, value in parts.items()} if isinstance(parts, Mapping) else {}

    def measure(self, candidate: Candidate, progress: Progress) -> Measurement:
        """Measure a candidate by the server's answer, read as the output of the command would be."""
        self._start()
        started = time.monotonic()
        request = {
            "file": str(self._write(candidate.commit, "candidate")),
            "best": str(self._write(candidate.best, "best")) if candidate.best else None,
            "beat": candidate.beat,
            "stop_early": self._run.desk.config.early_stop,
            "store": str(self._run.folder / "scores"),
            **({"partition": candidate.partition} if candidate.partition else {}),
        }
        (self._run.folder / "scores").mkdir(exist_ok=True)
        answer = self._ask(json.dumps(request), progress)
        return self._read(answer, time.monotonic() - started)

    def ask(self, name: str, fields: Mapping[str, Any], progress: Progress) -> Mapping[str, Any]:
        """Return the answer to a question about the whole run. Raises RatchetError with what the server says instead.

        Each word of progress gives it another `timeout` seconds.
        """
        self._start()
        config, known = self._run.desk.config, self._ready.get("asks")
        if not isinstance(known, list) or name not in known:
            raise RatchetError(
                f"{config.serve}: expected a server that answers `{name}`, got one that does not know it."
            )
        assert self._server is not None
        self._server.send(json.dumps({"ask": name, **fields}))
        message = self._await(
            self._run.desk.config.timeout, lambda message: "answer" in message, progress, is_patient=True
        )
        answer = message.get("answer")
        if isinstance(answer, Mapping):
            return answer
        self.close()
        said = message.get("error") or f"no word for {config.timeout:g} s"
        raise RatchetError(one_line(str(said), ERROR_CHARS))

    def close(self) -> None:
        """End the server."""
        if self._server is not None:
            self._server.close()
            self._server = None

    def _start(self) -> None:
        if self._server is not None and self._server.is_alive:
            return
        self.close()
        first = str(run_event(self._run).data["first"])
        place = checkout(self._run, first, "tree")
        command, config = self._run.desk.config.serve, self._run.desk.config
        self._server = LineServer(command, cwd=place, env=measuring_env(self._run), log=self._log)
        answer = self._await(config.timeout, lambda message: "ready" in message, lambda _: None)
        if "ready" not in answer:
            said = self._server.failure or answer.get("error") or "no answer"
            self.close()
            raise RatchetError(
                f"{command}: expected a server that gets ready, got: {one_line(str(said))}. See {self._where()}."
            )
        self._ready = answer

    def _ask(self, request: str, progress: Progress) -> Mapping[str, Any]:
        assert self._server is not None
        if not self._server.send(request):
            return {"error": "the measuring server is gone"}
        return self._await(self._run.desk.config.timeout, lambda message: "exit" in message, progress)

    def _await(
        self,
        timeout_s: float,
        is_last: Callable[[Mapping[str, Any]], bool],
        progress: Progress,
        *,
        is_patient: bool = False,
    ) -> Mapping[str, Any]:
        """Read messages up to the last one; {"error"} or {"timeout"} when it does not come.

        The time runs from the request, or for the patient from the last word of progress.
        """
        assert self._server is not None
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            if self._should_stop():
                raise KeyboardInterrupt
            line = self._server.receive(LOOK_S)
            if line is None and not self._server.is_alive:
                return {"error": f"the measuring server died (exit status {self._server.exit_code})"}
            message = _message(line)
            if is_last(message) or "error" in message:
                return message
            if "progress" in message:
                deadline = time.monotonic() + timeout_s if is_patient else deadline
                progress(one_line(str(message["progress"])))
        return {"timeout": True}

    def _read(self, answer: Mapping[str, Any], wall_s: float) -> Measurement:
        if "exit" not in answer:
            self.close()
        if answer.get("timeout"):
            return Measurement(
                Ending.TIMEOUT, reason=f"more than {self._run.desk.config.timeout:g} s", wall_time_s=wall_s
            )
        if "exit" not in answer:
            return Measurement(Ending.CRASH, reason=one_line(str(answer.get("error"))), wall_time_s=wall_s)
        outcome = Outcome(_whole(answer["exit"]), str(answer.get("stdout", "")), "", 0.0, wall_s, 0.0)
        return _with_extra(interpret(outcome, self._run.desk.config), answer.get("extra"))

    def _write(self, commit: str, name: str) -> Path:
        """Write the editable file of a commit into a folder of its own, under its own name."""
        path = self._run.desk.config.editable[0]
        target = self._run.folder / name / Path(path).name
        target.parent.mkdir(parents=True, exist_ok=True)
        content = snapshots.read_file(self._run.desk.repo, commit, self._run.desk.in_repo(path))
        target.write_bytes(content or b"")
        return target

    def _where(self) -> str:
        return str(self._log) if self._log else "its messages above"


def _message(line: str | None) -> Mapping[str, Any]:
    """Parse a line; talk that is no JSON object is passed over."""
    try:
        message = json.loads(line or "")
    except (ValueError, RecursionError):
        return {}
    return message if isinstance(message, dict) else {}


def _with_extra(measured: Measurement, extra: object) -> Measurement:
    if not isinstance(extra, Mapping):
        return measured
    return replace(
        measured,
        delta_se=_number(extra.get("delta_se")),
        folds_won=None if extra.get("folds_won") is None else _whole(extra["folds_won"]),
        bound=_number(extra.get("bound")),
        reason=measured.reason or one_line(str(extra.get("reason") or "")),
    )


def _number(value: object) -> float | None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number and abs(value) < float("inf") else None  # type: ignore[arg-type]  # checked


def _whole(value: object) -> int:
    return value if isinstance(value, int) else 1
