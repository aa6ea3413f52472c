"""Start the processes that run train.py: forked from a warm one where the system can, fresh interpreters elsewhere.

A lane runs one task at a time. What goes in and comes out are three unnamed files (job, result, log), so nothing that
train.py does can block the harness, and nothing is left behind when the harness is killed.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import select
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Protocol

from harness.workers.worker import KILL

WORKER = Path(__file__).with_name("worker.py")
KEPT = ("PATH", "SYSTEMROOT", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "TMPDIR", "TEMP", "TMP")
ONE_THREAD = (
    "OMP_NUM_THREADS",
    "OMP_THREAD_LIMIT",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)


@dataclass(frozen=True, slots=True)
class Exit:
    """How a task's process ended: wait status, CPU seconds and peak memory as the kernel counted them.

    `is_lost` where its lane ended with it: nobody counted, and what it wrote was never held against what was fixed.
    """

    status: int
    cpu_s: float | None
    peak_memory_mb: float | None
    is_lost: bool = False


@dataclass(frozen=True, slots=True)
class Files:
    """What one task is given: its job, where its result and its prints go, and blocks of rows that are handed out.

    `sizes` are the bytes of the scores of each block.
    """

    job: IO[bytes]
    result: IO[bytes]
    log: IO[bytes]
    blocks: Sequence[IO[bytes]] = ()
    sizes: Sequence[int] = ()


class Lane(Protocol):
    """A place where one task runs at a time; `hands_out` says whether it gives rows to score one block at a time."""

    hands_out: bool

    def start(self, files: Files, preload: Sequence[str]) -> int:
        """Start the task and return its process id."""

    def poll(self, timeout_s: float) -> Exit | None:
        """Wait that long for the task's end. None while it runs."""

    def kill(self) -> None:
        """End the running task at once."""

    def close(self) -> None:
        """Give the lane up, and whatever runs in it."""


def environment() -> dict[str, str]:
    """Return the environment of every fold: nothing of the user's but paths, one thread, no randomness of hashes."""
    kept = {name: os.environ[name] for name in KEPT if name in os.environ}
    fixed = {"JOBLIB_MULTIPROCESSING": "0", "PYTHONDONTWRITEBYTECODE": "1", "PYTHONHASHSEED": "0"}
    return kept | dict.fromkeys(ONE_THREAD, "1") | fixed


def can_fork() -> bool:
    """Say whether this system forks a warm process safely; on macOS the linear algebra's threads do not survive it."""
    return sys.platform == "linux" and hasattr(os, "pidfd_open")


def open_lanes(n: int) -> list[Lane]:
    """Return `n` lanes of the kind that this system offers."""
    if can_fork():
        protect_this_process()
        warm = Warm()
        return [warm.lane(owner=i == 0) for i in range(n)]
    return [FreshLane() for _ in range(n)]


def protect_this_process() -> None:
    """Keep processes of the same user from reading this one's memory, where the labels are."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(4, 0, 0, 0, 0)  # PR_SET_DUMPABLE


def wait_for_any(lanes: Sequence[Lane], timeout_s: float) -> None:
    """Wait until the task of one of the lanes may have ended, or that long."""
    controls = [lane.control for lane in lanes if isinstance(lane, WarmLane)]
    if controls:
        select.select(controls, [], [], timeout_s)
    else:
        time.sleep(min(0.005, timeout_s))


def nameless_file(name: str) -> IO[bytes]:
    """Return an empty file that has no path, in memory where the system can."""
    if hasattr(os, "memfd_create"):
        return os.fdopen(os.memfd_create(name), "w+b")
    return tempfile.TemporaryFile()


class Warm:
    """The warm process: it imported the libraries, it never sees data or train.py, and it forks the lanes."""

    def __init__(self) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        command = [sys.executable, "-sPB", str(WORKER), "warm", str(theirs.fileno())]
        self.process = subprocess.Popen(
            command,
            pass_fds=[theirs.fileno()],
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            cwd="/",
            start_new_session=True,
        )
        theirs.close()
        self.control = ours
        self.is_ready = False

    def lane(self, *, owner: bool) -> WarmLane:
        """Fork a lane off; the owner closes the warm process with itself."""
        if not self.is_ready:
            if self.control.recv(16) != b"ready":
                raise RuntimeError(f"the warm process ended at its start, exit status {self.process.wait()}")
            self.is_ready = True
        return WarmLane(self, is_owner=owner)

    def fork_lane(self) -> socket.socket:
        """Fork the process of a lane, and return the line to it."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        socket.send_fds(self.control, [b"lane"], [theirs.fileno()])
        theirs.close()
        return ours

    def close(self) -> None:
        """End the warm process."""
        self.control.close()
        self.process.wait()


class WarmLane:
    """A lane whose tasks are forks of the warm process. A lane that ends, for whatever reason, is forked anew."""

    hands_out = True

    def __init__(self, warm: Warm, *, is_owner: bool) -> None:
        self.warm, self.is_owner = warm, is_owner
        self.control = warm.fork_lane()

    def start(self, files: Files, preload: Sequence[str]) -> int:
        """Start the task and return its process id."""
        try:
            return self._start(files, preload)
        except (OSError, struct.error):  # it ended between two tasks
            self._renew()
            return self._start(files, preload)

    def _start(self, files: Files, preload: Sequence[str]) -> int:
        descriptors = [file.fileno() for file in (files.job, files.result, files.log, *files.blocks)]
        order = {"preload": list(preload), "sizes": list(files.sizes)}
        self.control.settimeout(None)
        socket.send_fds(self.control, [json.dumps(order).encode()], descriptors)
        return int(struct.unpack("q", self.control.recv(8))[0])

    def _renew(self) -> None:
        self.control.close()
        self.control = self.warm.fork_lane()

    def poll(self, timeout_s: float) -> Exit | None:
        """Wait that long for the task's end. None while it runs."""
        self.control.settimeout(max(timeout_s, 1e-4))
        try:
            told = self.control.recv(200)
        except TimeoutError:
            return None
        except OSError:
            told = b""
        if not told:
            self._renew()
            return Exit(0, None, None, is_lost=True)
        status, cpu_s, peak_kb = json.loads(told)
        return Exit(status, cpu_s, peak_kb / 1024)

    def kill(self) -> None:
        """End the running task at once."""
        with contextlib.suppress(OSError):  # a lane that has ended took its task along, and poll will say so
            self.control.send(KILL)

    def close(self) -> None:
        """Give the lane up, and whatever runs in it."""
        self.control.close()
        if self.is_owner:
            self.warm.close()


class FreshLane:
    """A lane whose tasks are fresh interpreters: about a second each, on any system."""

    hands_out = False

    def __init__(self) -> None:
        self.process: subprocess.Popen[bytes] | None = None
        self.folder = ""

    def start(self, files: Files, preload: Sequence[str]) -> int:
        """Start the task and return its process id."""
        del preload  # a fresh interpreter imports what train.py asks for
        self.folder = tempfile.mkdtemp(prefix="fold_")
        command = [sys.executable, "-sPB", str(WORKER), "fresh", self.folder]
        self.process = subprocess.Popen(
            command, stdin=files.job, stdout=files.result, stderr=files.log, env=environment()
        )
        return self.process.pid

    def poll(self, timeout_s: float) -> Exit | None:
        """Wait that long for the task's end. None while it runs."""
        process, deadline = self._running(), time.monotonic() + timeout_s
        while True:
            ended = self._ended(process)
            if ended is not None:
                shutil.rmtree(self.folder, ignore_errors=True)
                return ended
            if time.monotonic() >= deadline:
                return None
            time.sleep(min(0.005, timeout_s))

    def kill(self) -> None:
        """End the running task at once."""
        self._running().kill()

    def close(self) -> None:
        """Give the lane up, and whatever runs in it."""
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _running(self) -> subprocess.Popen[bytes]:
        if self.process is None:
            raise RuntimeError("no task was started in this lane")
        return self.process

    def _ended(self, process: subprocess.Popen[bytes]) -> Exit | None:
        if not hasattr(os, "wait4"):
            status = process.poll()
            return None if status is None else Exit(status, None, None)
        pid, status, used = os.wait4(process.pid, os.WNOHANG)
        if not pid:
            return None
        process.returncode = os.waitstatus_to_exitcode(status)
        scale = 1 << 20 if sys.platform == "darwin" else 1 << 10  # ru_maxrss is in bytes there, in kilobytes elsewhere
        return Exit(status, used.ru_utime + used.ru_stime, used.ru_maxrss / scale)
