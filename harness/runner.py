"""Run tasks side by side in lanes, within one budget, and turn whatever happens into values.

The budget is in CPU seconds of all tasks together, so that a busy laptop and a quiet workstation give the same verdict;
wall-clock, memory, disk and log limits stand behind it. A task that fails never raises here: its Answer says why.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import IO, Any

import numpy as np
import psutil

from harness import jobs
from harness.warm import Exit, Files, Lane, nameless_file, open_lanes, wait_for_any
from harness.worker import DECISION, FAILURE, PROBABILITY

POLL_S = 0.03  # a spinning task in each of a few lanes overshoots the budget by no more than this
MB = 1 << 20
ERROR_BYTES = 4096


@dataclass(frozen=True, slots=True)
class Budget:
    """What all tasks of one measurement may use together; memory, disk and log are for each."""

    cpu_s: float
    wall_s: float
    memory_mb: int
    disk_mb: int = 256
    log_mb: int = 1


@dataclass(frozen=True, slots=True)
class Answer:
    """What one task came to: bytes, or the reason why there are none."""

    payload: bytes | None
    reason: str = ""
    is_decision: bool = False
    is_timeout: bool = False
    is_raised: bool = False  # the task itself said why: not a limit, a signal or a lost process
    cpu_s: float = 0.0
    peak_memory_mb: float = 0.0
    log: str = ""


@dataclass(frozen=True, slots=True)
class Task:
    """A job for the worker, and how many bytes an answer must have (or may have, if not exact) to be read at all.

    What must be exact are scores: float64, and finite.
    """

    job: Mapping[str, Any]
    n_bytes: int
    is_exact: bool = True


@dataclass(slots=True)
class _Running:
    index: int
    lane: Lane
    pid: int
    result: IO[bytes]
    log: IO[bytes]
    asked: Task
    process: psutil.Process | None
    cpu_s: float = 0.0
    peak_memory_mb: float = 0.0
    stopped: str = ""
    is_timeout: bool = False


@dataclass(slots=True)
class Runner:
    """Keeps lanes warm from one measurement to the next. Close it, or use it as a context."""

    n_lanes: int
    lanes: list[Lane] = field(default_factory=list)

    def __enter__(self) -> Runner:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """End every lane and whatever runs in it."""
        while self.lanes:
            self.lanes.pop().close()

    def warm_up(self) -> None:
        """Start the lanes now rather than with the first task."""
        if not self.lanes:
            self.lanes = open_lanes(self.n_lanes)

    def run(
        self,
        tasks: Sequence[Task],
        budget: Budget,
        *,
        on_done: Callable[[int, Answer], bool] = lambda _index, _answer: True,
        used_cpu_s: float = 0.0,
    ) -> list[Answer]:
        """Run the tasks in their order and return their answers in the same order.

        Parameters
        ----------
        tasks : sequence of Task
        budget : Budget
            Shared by all tasks of this call.
        on_done : callable
            Told of each task's index and answer as it ends; returning False ends and skips all others.
        used_cpu_s : float
            CPU seconds of the budget that are gone already.
        """
        self.warm_up()
        session = _Session(tasks, budget, on_done, used_cpu_s)
        free = list(self.lanes)
        try:
            while session.is_open():
                while free and session.may_start():
                    session.start(free.pop())
                free += session.wait()
        except BaseException:
            self.close()  # an interrupted task must not go on; the next run opens new lanes
            raise
        return session.answers()


class _Session:
    """One call of Runner.run: what waits, what runs, what has ended, what was used."""

    def __init__(
        self, tasks: Sequence[Task], budget: Budget, on_done: Callable[[int, Answer], bool], used_cpu_s: float
    ) -> None:
        self.tasks, self.budget, self.on_done = tasks, budget, on_done
        self.begun = time.monotonic()
        self.cpu_s = used_cpu_s
        self.next_index = 0
        self.running: list[_Running] = []
        self.done: dict[int, Answer] = {}
        self.is_stopped = False

    def may_start(self) -> bool:
        return not self.is_stopped and self.next_index < len(self.tasks)

    def is_open(self) -> bool:
        return bool(self.running) or self.may_start()

    def answers(self) -> list[Answer]:
        skipped = Answer(None, "not run")
        return [self.done.get(i, skipped) for i in range(len(self.tasks))]

    def start(self, lane: Lane) -> None:
        index, task = self.next_index, self.tasks[self.next_index]
        self.next_index += 1
        limits = (max(self.budget.cpu_s - self.used(), 0.0), self.budget.memory_mb, self.budget.disk_mb)
        files = _write_files({**task.job, "limits": limits}, hands_out=lane.hands_out)
        pid = lane.start(files, task.job.get("preload", ()))
        for file in (files.job, *files.blocks):
            file.close()
        self.running.append(_Running(index, lane, pid, files.result, files.log, task, _process(pid)))

    def used(self) -> float:
        return self.cpu_s + sum(task.cpu_s for task in self.running)

    def wait(self) -> list[Lane]:
        """Wait a moment for each running task, cut those beyond a limit, and return the lanes that became free."""
        freed = []
        wait_for_any([task.lane for task in self.running], POLL_S)
        for task in list(self.running):
            ended = task.lane.poll(0.0)
            if ended is not None:
                self.running.remove(task)
                self.finish(task, ended)
                freed.append(task.lane)
        self.enforce()
        return freed

    def enforce(self) -> None:
        for task in self.running:
            _look(task)
        over_cpu = self.used() > self.budget.cpu_s
        over_wall = time.monotonic() - self.begun > self.budget.wall_s
        for task in self.running:
            if over_cpu:
                self.stop(task, f"CPU budget of {self.budget.cpu_s:g} s, used {self.used():.2f} s", is_timeout=True)
            elif over_wall:
                self.stop(task, f"wall-clock limit of {self.budget.wall_s:g} s", is_timeout=True)
            elif task.peak_memory_mb > self.budget.memory_mb:
                self.stop(task, f"memory limit of {self.budget.memory_mb} MB, used {task.peak_memory_mb:.0f} MB")
            elif os.fstat(task.log.fileno()).st_size > self.budget.log_mb * MB:
                self.stop(task, f"it printed more than {self.budget.log_mb} MB")
            elif os.fstat(task.result.fileno()).st_size > max(task.asked.n_bytes, ERROR_BYTES) + 1:
                self.stop(task, "its answer is larger than the scores asked for")

    def stop(self, task: _Running, reason: str, *, is_timeout: bool = False) -> None:
        if not task.stopped:
            task.stopped, task.is_timeout = reason, is_timeout
            task.lane.kill()
        self.is_stopped = self.is_stopped or is_timeout

    def finish(self, task: _Running, ended: Exit) -> None:
        cpu_s = task.cpu_s if ended.cpu_s is None else ended.cpu_s
        self.cpu_s += cpu_s
        if self.cpu_s > self.budget.cpu_s and not task.stopped:
            used = f"CPU budget of {self.budget.cpu_s:g} s, used {self.cpu_s:.2f} s"
            task.stopped, task.is_timeout, self.is_stopped = used, True, True
        kind, payload, reason = _read_result(task, ended)
        answer = Answer(
            payload=payload,
            reason=reason,
            is_decision=kind == DECISION,
            is_timeout=task.is_timeout,
            is_raised=kind == FAILURE,
            cpu_s=cpu_s,
            peak_memory_mb=max(task.peak_memory_mb, ended.peak_memory_mb or 0.0),
            log=_read_log(task.log),
        )
        task.result.close()
        task.log.close()
        self.done[task.index] = answer
        if not self.on_done(task.index, answer):
            self.is_stopped = True
            for other in self.running:
                self.stop(other, "not needed any more")


def _write_files(job: dict[str, Any], *, hands_out: bool) -> Files:
    """Write a job; blocks whose scores have a known size go into files of their own, to be handed out in turn."""
    sizes = job.pop("sizes", ())
    blocks = job.pop("blocks") if sizes and hands_out else ()
    job_file, result, log = map(nameless_file, ("job", "result", "log"))
    files = Files(job_file, result, log, [nameless_file("rows") for _ in blocks], sizes)
    jobs.write(job, files.job)
    for block, file in zip(blocks, files.blocks, strict=True):
        jobs.write({"X": block}, file)
    return files


def _process(pid: int) -> psutil.Process | None:
    try:
        return psutil.Process(pid)
    except psutil.Error:
        return None


def _look(task: _Running) -> None:
    if task.process is None:
        return
    try:
        times, memory = task.process.cpu_times(), task.process.memory_info()
    except psutil.Error:
        return
    task.cpu_s = times.user + times.system
    task.peak_memory_mb = max(task.peak_memory_mb, memory.rss / MB)


def _read_result(task: _Running, ended: Exit) -> tuple[bytes, bytes | None, str]:
    """Return (kind, payload or None, reason). Nothing here trusts what the task wrote but its length."""
    if task.stopped:
        return b"", None, task.stopped
    if ended.is_lost:
        return b"", None, "the process ended, and the one that watches it with it"
    task.result.seek(0)
    data = task.result.read(max(task.asked.n_bytes, ERROR_BYTES) + 2)
    kind, payload = data[:1], data[1:]
    fits = len(payload) == task.asked.n_bytes if task.asked.is_exact else len(payload) <= task.asked.n_bytes
    if kind in {PROBABILITY, DECISION} and fits and ended.status == 0:  # who was ended for what it did has no answer
        if task.asked.is_exact and not np.isfinite(np.frombuffer(payload, "<f8")).all():
            return FAILURE, None, "ValueError: the scores must be finite, got NaN or infinity"
        return kind, payload, ""
    if kind == FAILURE:
        return kind, None, one_line(payload[:ERROR_BYTES].decode("utf-8", "replace"))
    return b"", None, _how_it_ended(ended.status, len(data))


def _how_it_ended(status: int, n_bytes: int) -> str:
    code = os.waitstatus_to_exitcode(status) if sys.platform != "win32" else status
    if code < 0:
        name = signal.Signals(-code).name if -code in set(signal.Signals) else f"signal {-code}"
        return f"the process was ended by {name}"
    if n_bytes:
        return "its answer was not the scores asked for"
    return f"the process ended by itself without scores, exit status {code}"


def _read_log(log: IO[bytes]) -> str:
    log.seek(0)
    return log.read(20_000).decode("utf-8", "replace")


def one_line(text: str, limit: int = 300) -> str:
    """Return text as one printable line of at most `limit` characters: no control characters, no line breaks."""
    printable = "".join(c if c.isprintable() else " " for c in text)
    squeezed = " ".join(printable.split())
    return squeezed if len(squeezed) <= limit else squeezed[: limit - 1] + "…"
