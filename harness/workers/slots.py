"""Run the workers in slots: forked by a launcher where the system allows it, new interpreters elsewhere.

A slot runs one task at a time. Input and output are three unnamed files (job, result, log), so train.py cannot block
the harness, and no file is left behind when the harness is killed.
"""

from __future__ import annotations

import contextlib
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import IO, Protocol, TypeVar

from harness.workers.launcher import (
    WORKER,
    Exit,
    Launcher,
    can_fork,
    environment,
    nameless_file,
    protect_this_process,
    reap,
)
from harness.workers.row_blocks import BlockFeeder

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Files:
    """The files of one task: its job, its result, its log, and the blocks of rows that it gets later.

    `sizes` holds the number of bytes of each block's scores. The slot closes the blocks.
    """

    job: IO[bytes]
    result: IO[bytes]
    log: IO[bytes]
    blocks: Sequence[IO[bytes]] = ()
    sizes: Sequence[int] = ()


class Slot(Protocol):
    """Runs one task at a time; with `has_row_blocks` the task gets the rows to score one block at a time."""

    has_row_blocks: bool

    def wait_until_ready(self) -> None:
        """Wait for the imports of the libraries, which do not count as a task's time."""

    def start(self, files: Files) -> int:
        """Start the task and return its process id."""

    def poll(self) -> Exit | None:
        """Return how the task ended; None while it runs."""

    def kill(self) -> None:
        """Kill the running task."""

    def close(self) -> None:
        """Kill the running task, if any, and release the slot."""


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


@dataclass(frozen=True, slots=True)
class _Worker:
    pid: int
    handle: int
    folder: str
    feeder: BlockFeeder


class ForkSlot:
    """A slot whose workers are forked by the launcher, as children of this process."""

    has_row_blocks = True

    def __init__(self, launcher: Launcher, *, is_owner: bool) -> None:
        self.launcher, self.is_owner = launcher, is_owner
        self.worker: _Worker | None = None

    def wait_until_ready(self) -> None:
        """Wait until the launcher has imported the libraries."""
        self.launcher.wait_until_ready()

    @property
    def ends(self) -> list[int]:
        """The descriptors that become readable when the worker asks for rows or ends."""
        return [] if self.worker is None else [self.worker.handle, self.worker.feeder.line.fileno()]

    def start(self, files: Files) -> int:
        """Start the task and return its process id."""
        pid, line = self.launcher.fork()
        copies = [nameless_file("rows") for _ in files.blocks]
        folder = tempfile.mkdtemp(prefix="fold_", dir=self.launcher.home)
        feeder = BlockFeeder(files.blocks, copies, files.sizes, files.result, line)
        self.worker = _Worker(pid, os.pidfd_open(pid), folder, feeder)
        descriptors = [file.fileno() for file in (files.job, files.result, files.log, *copies)]
        with contextlib.suppress(OSError):  # the worker has ended already; poll returns how
            socket.send_fds(line, [folder.encode()], descriptors)
        line.setblocking(False)
        return pid

    def poll(self) -> Exit | None:
        """Send the next rows if the task asks for them, and return how the task ended; None while it runs."""
        worker = _running(self.worker)
        ready, _, _ = select.select(self.ends, [], [], 0)
        if worker.handle not in ready:
            if ready and not worker.feeder.give():
                self.kill()
            return None
        ended = reap(worker.pid, os.WNOHANG)
        worker.feeder.settle()
        self._forget()
        return ended

    def kill(self) -> None:
        """Kill the running task."""
        os.kill(_running(self.worker).pid, signal.SIGKILL)  # the id stays its own until it is reaped

    def close(self) -> None:
        """Kill the running task, if any, and release the slot."""
        if self.worker is not None:
            self.kill()
            reap(self.worker.pid)
            self._forget()
        if self.is_owner:
            self.launcher.close()

    def _forget(self) -> None:
        worker = _running(self.worker)
        self.worker = None
        os.close(worker.handle)
        worker.feeder.close()
        shutil.rmtree(worker.folder, ignore_errors=True)


class SpawnSlot:
    """A slot whose workers are new interpreters: on any system, about one second for each."""

    has_row_blocks = False

    def __init__(self) -> None:
        self.process: subprocess.Popen[bytes] | None = None
        self.folder = ""

    def wait_until_ready(self) -> None:
        """Do nothing; every task imports the libraries itself."""

    def start(self, files: Files) -> int:
        """Start the task and return its process id."""
        self.folder = tempfile.mkdtemp(prefix="fold_")
        command = [sys.executable, "-sPB", str(WORKER), "fresh", self.folder]
        self.process = subprocess.Popen(
            command, stdin=files.job, stdout=files.result, stderr=files.log, env=environment()
        )
        return self.process.pid

    def poll(self) -> Exit | None:
        """Return how the task ended; None while it runs."""
        ended = self._ended(_running(self.process))
        if ended is not None:
            shutil.rmtree(self.folder, ignore_errors=True)
        return ended

    def kill(self) -> None:
        """Kill the running task."""
        _running(self.process).kill()

    def close(self) -> None:
        """Kill the running task, if any, and release the slot."""
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _ended(self, process: subprocess.Popen[bytes]) -> Exit | None:
        if not hasattr(os, "wait4"):
            status = process.poll()
            return None if status is None else Exit(status, None, None)
        ended = reap(process.pid, os.WNOHANG)
        if ended is not None:
            process.returncode = os.waitstatus_to_exitcode(ended.status)
        return ended


def _running(worker: T | None) -> T:
    if worker is None:
        raise RuntimeError("no task was started in this slot")
    return worker
