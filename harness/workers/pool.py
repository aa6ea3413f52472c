"""Run tasks in parallel slots within one budget, and return an Answer for each, also for those that fail.

The budget is in CPU seconds of all tasks together, so that a busy laptop and an idle workstation give the same verdict.
Limits on wall-clock time, memory, disk and log are a backstop. A failed task does not raise; its Answer has the reason.
"""

from __future__ import annotations

import os
import select
import signal
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import IO, Any

import numpy as np
import psutil

from harness.errors import UserError
from harness.output import one_line
from harness.workers import jobs
from harness.workers.launcher import (
    MACHINE,
    Exit,
    Files,
    ForkSlot,
    Launcher,
    Slot,
    can_fork,
    memory_limit_mb,
    nameless_file,
    protect_this_process,
)
from harness.workers.spawn import SpawnSlot
from harness.workers.worker import DECISION, FAILURE, PROBABILITY

LATE_S = 1.0  # by which a step may exceed its plan on a busy machine, and the excess counts as wall-clock time
POLL_S = 0.03  # a task in an endless loop overshoots the budget by at most this, times the slots
MB = 1 << 20
ERROR_BYTES = 4096
NOT_RUN, NOT_NEEDED = "not run", "not needed any more"


@dataclass(frozen=True, slots=True)
class TaskBudget:
    """CPU and wall-clock seconds for all tasks of a measurement together; memory, disk and log for each task."""

    cpu_s: float
    wall_s: float
    memory_mb: int
    disk_mb: int = 256
    log_mb: int = 1


@dataclass(frozen=True, slots=True)
class Answer:
    """The result of one task: bytes, or the reason why there are none."""

    payload: bytes | None
    reason: str = ""
    is_decision: bool = False
    is_timeout: bool = False
    is_raised: bool = False  # the task reported an exception; it was not a limit, a signal or a lost process
    cpu_s: float = 0.0
    peak_memory_mb: float = 0.0
    log: str = ""


@dataclass(frozen=True, slots=True)
class Task:
    """A job for the worker, and the size of its answer: exactly `n_bytes` if `is_exact`, else at most `n_bytes`.

    An exact answer holds scores, which are float64 and finite.
    """

    job: Mapping[str, Any]
    n_bytes: int
    is_exact: bool = True


@dataclass(slots=True)
class _Running:
    index: int
    slot: Slot
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
    """Runs tasks and keeps the launcher between measurements. Close it, or use it as a context manager."""

    n_slots: int
    slots: list[Slot] = field(default_factory=list)

    def __enter__(self) -> Runner:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Kill every worker and end the launcher."""
        while self.slots:
            self.slots.pop().close()

    def warm_up(self) -> None:
        """Start the launcher now instead of with the first task. Raises UserError."""
        try:
            self.slots = self.slots or open_slots(self.n_slots)
        except OSError as error:
            raise UserError(
                f"workers: this machine cannot start any ({error}). Free disk space, memory or processes, "
                "or set TMPDIR to a folder that can be written."
            ) from None

    def run(self, tasks: Sequence[Task], budget: TaskBudget) -> list[Answer]:
        """Run the tasks and return their answers in the order of the tasks."""
        with self.start(tasks, budget) as running:
            for _ in running:
                pass
        return running.answers()

    def start(self, tasks: Sequence[Task], budget: TaskBudget) -> RunningTasks:
        """Return the tasks as a context manager and iterator; they start with the iteration and share the budget."""
        self.warm_up()
        try:
            for slot in self.slots:
                slot.wait_until_ready()
        except (OSError, RuntimeError) as error:
            self._do_without_launcher(error)
        return RunningTasks(self, tasks, budget)

    def _do_without_launcher(self, error: Exception) -> None:
        """Go on with slots that need no launcher, after it died while it started."""
        sys.stderr.write(f"workers: {error}. Each task starts a new Python (1 s).\n")
        self.close()
        self.slots = [SpawnSlot() for _ in range(self.n_slots)]


class Stopwatch:
    """Counts the seconds in which this process ran: a step counts at most LATE_S more than its planned length.

    A limit must not run out while the process is stopped (a closed laptop, a paused container).
    """

    def __init__(self) -> None:
        self.seconds = 0.0
        self._last = time.monotonic()

    def tick(self, planned_s: float) -> float:
        """Count the step since the last tick, and return the sum."""
        now = time.monotonic()
        self.seconds += min(now - self._last, planned_s + LATE_S)
        self._last = now
        return self.seconds


class RunningTasks:
    """Iterate over (index, answer) in the order in which tasks end; leaving the context kills those that still run."""

    def __init__(self, runner: Runner, tasks: Sequence[Task], budget: TaskBudget) -> None:
        self.runner, self.tasks, self.budget = runner, tasks, budget
        self.free = list(runner.slots)
        self.clock = Stopwatch()
        self.cpu_s = 0.0
        self.next_index = 0
        self.running: list[_Running] = []
        self.done: dict[int, Answer] = {}
        self.is_stopped = False

    def __enter__(self) -> RunningTasks:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self.is_stopped = True
        try:
            for task in self.running:
                self._stop(task, NOT_NEEDED)
            while self.running and kind is None:
                self._wait()
        finally:
            if self.running:
                self.runner.close()  # after an interrupt no task may go on; the next call starts a new launcher

    def __iter__(self) -> Iterator[tuple[int, Answer]]:
        while self._is_open():
            while self.free and self._may_start():
                self._start(self.free.pop())
            for index in self._wait() if self.running else ():
                yield index, self.done[index]

    def _may_start(self) -> bool:
        return not self.is_stopped and self.next_index < len(self.tasks)

    def _is_open(self) -> bool:
        return bool(self.running) or self._may_start()

    def answers(self) -> list[Answer]:
        """Return the answers in the order of the tasks."""
        skipped = Answer(None, NOT_RUN)
        return [self.done.get(i, skipped) for i in range(len(self.tasks))]

    def _start(self, slot: Slot) -> None:
        index, task = self.next_index, self.tasks[self.next_index]
        self.next_index += 1
        limits = (max(self.budget.cpu_s - self._used(), 0.0), self.budget.memory_mb, self.budget.disk_mb)
        files = _write_files({**task.job, "limits": limits}, has_row_blocks=slot.has_row_blocks)
        try:
            pid = slot.start(files)
        except (OSError, RuntimeError) as error:
            self._give_up(index, slot, error)
            return
        files.job.close()
        self.running.append(_Running(index, slot, pid, files.result, files.log, task, _process(pid)))

    def _give_up(self, index: int, slot: Slot, error: Exception) -> None:
        """Start no further task, after the machine refused a process."""
        reason = f"{MACHINE} no worker could be started ({error}). Free memory or processes, then try again"
        self.done[index], self.is_stopped = Answer(None, reason), True
        self.free.append(slot)

    def _used(self) -> float:
        return self.cpu_s + sum(task.cpu_s for task in self.running)

    def _wait(self) -> list[int]:
        """Wait for POLL_S at most, kill the tasks beyond a limit, and return the indices of those that ended."""
        finished = []
        wait_for_any([task.slot for task in self.running], POLL_S)
        for task in list(self.running):
            ended = task.slot.poll()
            if ended is not None:
                self.running.remove(task)
                self._finish(task, ended)
                self.free.append(task.slot)
                finished.append(task.index)
        self._enforce()
        return finished

    def _enforce(self) -> None:
        for task in self.running:
            _look(task)
        over_cpu = self._used() > self.budget.cpu_s
        over_wall = self.clock.tick(POLL_S) > self.budget.wall_s
        for task in self.running:
            if over_cpu:
                self._stop(task, f"CPU budget of {self.budget.cpu_s:g} s, used {self._used():.2f} s", is_timeout=True)
            elif over_wall:
                self._stop(task, f"wall-clock limit of {self.budget.wall_s:g} s", is_timeout=True)
            elif task.peak_memory_mb > self.budget.memory_mb:
                self._stop(task, f"memory limit of {self.budget.memory_mb} MB, used {task.peak_memory_mb:.0f} MB")
            elif os.fstat(task.log.fileno()).st_size > self.budget.log_mb * MB:
                self._stop(task, f"train.py printed more than {self.budget.log_mb} MB")
            elif os.fstat(task.result.fileno()).st_size > max(task.asked.n_bytes, ERROR_BYTES) + 1:
                self._stop(task, "the answer is larger than the requested scores")

    def _stop(self, task: _Running, reason: str, *, is_timeout: bool = False) -> None:
        if not task.stopped:
            task.stopped, task.is_timeout = reason, is_timeout
            task.slot.kill()
        self.is_stopped = self.is_stopped or is_timeout

    def _finish(self, task: _Running, ended: Exit) -> None:
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


def open_slots(n: int) -> list[Slot]:
    """Return `n` slots, forking ones if the system allows it."""
    protect_this_process()
    if can_fork():
        launcher = Launcher()
        return [ForkSlot(launcher, is_owner=i == 0) for i in range(n)]
    return [SpawnSlot() for _ in range(n)]


def wait_for_any(slots: Sequence[Slot], timeout_s: float) -> None:
    """Wait until a task in one of the slots asks for rows or ends, at most `timeout_s`."""
    ends = [end for slot in slots if isinstance(slot, ForkSlot) for end in slot.ends]
    if ends:
        select.select(ends, [], [], timeout_s)
    else:
        time.sleep(min(0.005, timeout_s))


def _write_files(job: dict[str, Any], *, has_row_blocks: bool) -> Files:
    """Write a job; blocks whose scores have a known size go into separate files, which the worker gets in turn."""
    sizes = job.pop("sizes", ())
    blocks = job.pop("blocks") if sizes and has_row_blocks else ()
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
    """Return (kind, payload or None, reason). The task wrote the file, so only its length is trusted."""
    if task.stopped:
        return b"", None, task.stopped
    task.result.seek(0)
    data = task.result.read(max(task.asked.n_bytes, ERROR_BYTES) + 2)
    kind, payload = data[:1], data[1:]
    fits = len(payload) == task.asked.n_bytes if task.asked.is_exact else len(payload) <= task.asked.n_bytes
    if kind in {PROBABILITY, DECISION} and fits and ended.status == 0:  # a killed process has no answer
        if task.asked.is_exact and not np.isfinite(np.frombuffer(payload, "<f8")).all():
            return FAILURE, None, "ValueError: the scores must be finite, not NaN or infinity"
        return kind, payload, ""
    if kind == FAILURE:
        return kind, None, _reported(payload)
    return b"", None, _how_it_ended(ended, len(data))


def _reported(payload: bytes) -> str:
    """Return the exception that a task reported. An exception may be called `machine`; only the harness blames it."""
    text = one_line(payload[:ERROR_BYTES].decode("utf-8", "replace"))
    return f"train.py: {text}" if text.startswith(MACHINE) else text


def _how_it_ended(ended: Exit, n_bytes: int) -> str:
    code = os.waitstatus_to_exitcode(ended.status) if sys.platform != "win32" else ended.status
    if code == -9 and not ended.is_refused:  # what we kill for a limit has its reason by now
        limit = memory_limit_mb()
        known = f"; this container may use {limit} MB" if limit else ""
        return f"{MACHINE} a worker was killed from outside by SIGKILL, as the system does when memory runs out{known}"
    if code < 0:
        name = signal.Signals(-code).name if -code in set(signal.Signals) else f"signal {-code}"
        return f"the process was killed by {name}"
    if n_bytes:
        return "the answer is not the requested scores"
    return f"the process exited without scores, with exit status {code}"


def _read_log(log: IO[bytes]) -> str:
    log.seek(0)
    return log.read(20_000).decode("utf-8", "replace")
