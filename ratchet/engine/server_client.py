"""Measure with a server: a child that imports once and answers a line of JSON for each candidate.

It answers with lines of JSON: progress messages, then the result. It is trusted as much as the command of the config.
A server that dies, hangs or prints something else is a measurement like any other; the next candidate gets a new one.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from ratchet.core.config import Config
from ratchet.core.output_parser import is_number
from ratchet.core.records import Ending, Measurement, one_line
from ratchet.engine.measure import (
    AUDIT,
    LOG_CHARS,
    Candidate,
    Progress,
    checkout,
    interpret,
    killed_from_outside,
    limit_text,
    log_text,
    measuring_env,
)
from ratchet.errors import RatchetError
from ratchet.process import Clock, Echo, Limit, LineServer, Outcome
from ratchet.repo import git
from ratchet.repo.run import Run, run_event

LOOK_S = 0.2
TALK_S = 5.0  # after its time a server that goes on talking is read for so long, since its answer may be behind that
ERROR_CHARS = 1000

Message = Mapping[str, Any]


class UnknownAnalysisError(RatchetError):
    """The server does not know the requested analysis."""


class Server:
    """The `serve` command of a config, started and ready. Raises RatchetError if it does not get ready."""

    def __init__(
        self,
        config: Config,
        *,
        cwd: Path,
        env: Mapping[str, str],
        log: Path | None = None,
        should_stop: Callable[[], bool] = lambda: False,
        echo: Echo | None = None,
    ) -> None:
        self._config = config
        self._should_stop = should_stop
        self._child = LineServer(config.serve, cwd=cwd, env=env, log=log, echo=echo)
        self.ready = self._await(config.timeout_s, lambda message: "ready" in message, lambda _: None)
        if "ready" not in self.ready:
            text = self._child.failure or self.ready.get("error") or "no answer"
            self.close()
            raise RatchetError(
                f"{config.serve}: the server did not start: {one_line(str(text)).rstrip('.')}. "
                f"See {log or 'its messages above'}."
            )

    @property
    def is_alive(self) -> bool:
        """The process has not ended."""
        return self._child.is_alive

    def measure(self, request: Mapping[str, Any], progress: Progress, wall_s: float | None = None) -> Message:
        """Return the result of a request, or {"error"} or {"timeout"}."""
        if not self._child.send(json.dumps(request)):
            return {"error": "the measuring server has ended"}
        return self._await(wall_s or self._config.timeout_s, lambda message: "exit" in message, progress)

    def ask(self, name: str, fields: Mapping[str, Any], progress: Progress) -> Message:
        """Return the result of an analysis. Raises RatchetError with the error of the server.

        Each progress message extends the deadline by `timeout` seconds.
        """
        known = self.ready.get("asks")
        if not isinstance(known, list) or name not in known:
            raise UnknownAnalysisError(f"{self._config.serve}: this server does not support `{name}`.")
        self._child.send(json.dumps({"ask": name, **fields}))
        timeout_s = self._config.timeout_s
        message = self._await(timeout_s, lambda message: "answer" in message, progress, is_patient=True)
        answer = message.get("answer")
        if isinstance(answer, Mapping):
            return answer
        self.close()
        text = message.get("error") or f"no message for {timeout_s:g} s"
        raise RatchetError(one_line(str(text), ERROR_CHARS))

    def close(self) -> None:
        """End the server."""
        self._child.close()

    def _await(
        self,
        timeout_s: float,
        is_last: Callable[[Message], bool],
        progress: Progress,
        *,
        is_patient: bool = False,
    ) -> Message:
        """Read messages up to the last one; return {"error"} or {"timeout"} if it does not come.

        The timeout counts from the request, or with `is_patient` from the last progress message.
        """
        clock = Clock()
        while True:
            if self._should_stop():
                raise KeyboardInterrupt
            is_over = clock.tick(LOOK_S) >= timeout_s
            line = self._child.receive(0.0 if is_over else LOOK_S)  # what has arrived counts, however late we look
            if line is None and not self._child.is_alive:
                line = self._child.receive(LOOK_S)  # its last line may have come between the two looks
                if line is None:
                    return {"error": _how_it_died(self._child.exit_code)}
            message = _message(line)
            if is_last(message) or "error" in message:
                return message
            if is_over and (line is None or clock.seconds >= timeout_s + TALK_S):
                return {"timeout": True}
            if "progress" in message:
                clock = Clock() if is_patient else clock
                progress(one_line(str(message["progress"])))


def _how_it_died(exit_code: int | None) -> str:
    died = f"the measuring server died (exit status {exit_code})"
    return killed_from_outside(exit_code) or died


def _message(line: str | None) -> Message:
    """Parse a line; return an empty message if it is not a JSON object."""
    try:
        message = json.loads(line or "")
    except (ValueError, RecursionError):
        return {}
    return message if isinstance(message, dict) else {}


__all__ = ["ServerMeasurer", "UnknownAnalysisError"]


class ServerMeasurer:
    """Measures by a server in a checkout of the first commit of the run; a candidate is its editable file."""

    def __init__(self, run: Run, should_stop: Callable[[], bool] = lambda: False, *, echo: Echo | None = None) -> None:
        self._run = run
        self._should_stop = should_stop
        self._echo = echo
        self._log = run.folder / "log"
        self._server: Server | None = None
        self._place = run.folder / "tree"

    def parts(self) -> Mapping[str, str]:
        """Return the hashes of the server's parts. Raises RatchetError if it cannot start."""
        parts = self._start().ready.get("parts")
        return {str(key): str(value) for key, value in parts.items()} if isinstance(parts, Mapping) else {}

    def audit(self, progress: Progress) -> Mapping[str, Any] | None:
        """Return the server's audit of its data, or None if it has none."""
        server = self._start()
        return server.ask(AUDIT, {}, progress) if AUDIT in server.ready.get("asks", ()) else None

    def measure(self, candidate: Candidate, progress: Progress) -> Measurement:
        """Measure a candidate by the answer of the server."""
        server = self._start()
        started, seen = time.monotonic(), _size(self._log)
        request = {
            "file": str(self._write(candidate.commit, "candidate")),
            "best": str(self._write(candidate.best, "best")) if candidate.best else None,
            "beat": candidate.beat,
            "stop_early": self._run.worktree.config.early_stop,
            "store": str(self._run.folder / "scores"),
            **({"sealed": True} if self._run.worktree.config.sealed else {}),
            **({"partition": candidate.partition} if candidate.partition else {}),
        }
        (self._run.folder / "scores").mkdir(parents=True, exist_ok=True)
        answer = server.measure(request, progress, candidate.wall_s)
        measured = self._read(answer, time.monotonic() - started, candidate.wall_s)
        return replace(measured, log=self._log_text(answer, time.monotonic() - started, _text_from(self._log, seen)))

    def ask(self, name: str, fields: Mapping[str, Any], progress: Progress) -> Mapping[str, Any]:
        """Return the result of an analysis of the whole run. Raises RatchetError as `Server.ask` does."""
        return self._start().ask(name, fields, progress)

    def close(self) -> None:
        """End the server."""
        if self._server is not None:
            self._server.close()
            self._server = None

    def _start(self) -> Server:
        if self._server is not None and self._server.is_alive and self._place.is_dir():  # an agent may delete it
            return self._server
        self.close()
        first = str(run_event(self._run).data["first"])
        self._place = place = checkout(self._run, first, "tree", keeps_cache=True)
        self._server = Server(
            self._run.worktree.config,
            cwd=place,
            env=measuring_env(self._run, place),
            log=self._log,
            should_stop=self._should_stop,
            echo=self._echo,
        )
        return self._server

    def _read(self, answer: Mapping[str, Any], wall_s: float, limit_s: float | None) -> Measurement:
        config, why = self._run.worktree.config, one_line(str(answer.get("error") or ""))
        if "exit" not in answer:
            self.close()
        if answer.get("timeout"):
            return Measurement(Ending.TIMEOUT, reason=limit_text(config, limit_s), wall_time_s=wall_s)
        if "exit" not in answer:
            return Measurement(Ending.CRASH, reason=why, wall_time_s=wall_s)
        outcome = Outcome(_whole(answer["exit"]), str(answer.get("stdout", "")), "", 0.0, wall_s, 0.0)
        return _with_extra(interpret(outcome, config, known=_numbers(answer.get("numbers"))), answer)

    def _log_text(self, answer: Mapping[str, Any], wall_s: float, messages: str) -> str:
        """Return the log of a measurement: the printed lines, the candidate's own output, the server's messages."""
        extra = answer.get("extra")
        own = str(extra.get("log") or "") if isinstance(extra, Mapping) else ""
        if own and self._echo is not None:
            self._echo(f"{own.rstrip()}\n")
        code, failure = answer.get("exit"), str(answer.get("error") or "")
        ended = Outcome(
            _whole(code) if "exit" in answer else None,
            str(answer.get("stdout", "")),
            f"{own}{messages}",
            *(0.0, wall_s, 0.0),
            stopped_by=Limit.WALL if answer.get("timeout") else None,
            failure=failure,
        )
        return log_text(self._run.worktree.config.serve, ended, self._run.worktree.config)

    def _write(self, commit: str, name: str) -> Path:
        """Write the editable file of a commit under its own name into a folder of the run."""
        path = self._run.worktree.config.editable[0]
        target = self._run.folder / name / Path(path).name
        git.write_file(self._run.worktree.repo, commit, self._run.worktree.in_repo(path), target)
        return target


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _text_from(path: Path, start: int) -> str:
    """Return what was appended to a file since it had `start` bytes."""
    if not path.exists():
        return ""
    with path.open("rb") as file:
        file.seek(start)
        return file.read(LOG_CHARS).decode("utf-8", "replace")


def _with_extra(measured: Measurement, answer: Mapping[str, Any]) -> Measurement:
    extra = answer.get("extra")
    if not isinstance(extra, Mapping):
        return measured
    return replace(
        measured,
        delta_se=_number(extra.get("delta_se")),
        folds_won=None if extra.get("folds_won") is None else _whole(extra["folds_won"]),
        bound=_number(extra.get("bound")),
        look=one_line(str(extra.get("look") or "")),
        reason=measured.reason or one_line(str(extra.get("reason") or "")),
    )


def _numbers(values: object) -> Mapping[str, float | None]:
    return {str(name): _number(value) for name, value in values.items()} if isinstance(values, Mapping) else {}


def _number(value: object) -> float | None:
    return float(value) if is_number(value) else None  # type: ignore[arg-type]  # checked


def _whole(value: object) -> int:
    return value if isinstance(value, int) else 1
