"""Start the workers, which run train.py: forked by a launcher where the system can, fresh interpreters elsewhere.

A slot runs one task at a time. What goes in and comes out are three unnamed files (job, result, log), so nothing that
train.py does can block the harness, and nothing is left behind when the harness is killed.

Covered: no worker inherits a byte of an earlier one. The launcher forks every worker and learns nothing of its task;
the worker is a child of the harness (CLONE_PARENT), which alone gives it its rows, reads its scores and its status,
and never forks a worker itself.
Not covered: the sandbox around a worker is harness/sandbox.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import select
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Protocol, TypeVar

from harness.workers.row_blocks import BlockFeeder
from harness.workers.worker import HERE

REQUEST = b"w"  # for one worker: always the same, so that the launcher learns nothing by it
CREDENTIALS = struct.Struct("3i")  # process, user and group, as the kernel passes them with a message
WORKER = Path(__file__).with_name("worker.py")
KEPT = ("PATH", "SYSTEMROOT", "LANG", "LC_ALL", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "TMPDIR", "TEMP", "TMP")
ONE_THREAD = (
    "OMP_NUM_THREADS",
    "OMP_THREAD_LIMIT",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Exit:
    """How a task's process ended: wait status, CPU seconds and peak memory as the kernel counted them."""

    status: int
    cpu_s: float | None
    peak_memory_mb: float | None


@dataclass(frozen=True, slots=True)
class Files:
    """What one task is given: its job, where its result and its prints go, and blocks of rows that come later.

    `sizes` are the bytes of the scores of each block. The blocks are closed by the slot.
    """

    job: IO[bytes]
    result: IO[bytes]
    log: IO[bytes]
    blocks: Sequence[IO[bytes]] = ()
    sizes: Sequence[int] = ()


class Slot(Protocol):
    """Where one task runs at a time; `has_row_blocks` says whether it gives the rows to score one block at a time."""

    has_row_blocks: bool

    def wait_until_ready(self) -> None:
        """Wait until a task starts at once: importing the libraries is no part of any task's time."""

    def start(self, files: Files) -> int:
        """Start the task and return its process id."""

    def poll(self) -> Exit | None:
        """Return how the task ended; None while it runs."""

    def kill(self) -> None:
        """End the running task at once."""

    def close(self) -> None:
        """End whatever runs in this slot, and give the slot up."""


def environment() -> dict[str, str]:
    """Return the environment of every fold: nothing of the user's but paths, one thread, no randomness of hashes."""
    kept = {name: os.environ[name] for name in KEPT if name in os.environ}
    fixed = {"JOBLIB_MULTIPROCESSING": "0", "PYTHONDONTWRITEBYTECODE": "1", "PYTHONHASHSEED": "0"}
    return kept | dict.fromkeys(ONE_THREAD, "1") | fixed


def can_fork() -> bool:
    """Say whether this system forks a warm process safely; on macOS the linear algebra's threads do not survive it."""
    return sys.platform == "linux" and hasattr(os, "pidfd_open")


def open_slots(n: int) -> list[Slot]:
    """Return `n` slots of the kind that this system offers."""
    if can_fork():
        protect_this_process()
        launcher = Launcher()
        return [ForkSlot(launcher, is_owner=i == 0) for i in range(n)]
    return [SpawnSlot() for _ in range(n)]


def protect_this_process() -> None:
    """Keep processes of the same user from reading this one's memory, where the labels are."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(4, 0, 0, 0, 0)  # PR_SET_DUMPABLE


def wait_for_any(slots: Sequence[Slot], timeout_s: float) -> None:
    """Wait until the task of one of the slots asks for rows or ends, or that long."""
    ends = [end for slot in slots if isinstance(slot, ForkSlot) for end in slot.ends]
    if ends:
        select.select(ends, [], [], timeout_s)
    else:
        time.sleep(min(0.005, timeout_s))


def nameless_file(name: str) -> IO[bytes]:
    """Return an empty file that has no path, in memory where the system can."""
    if hasattr(os, "memfd_create"):
        return os.fdopen(os.memfd_create(name), "w+b")
    return tempfile.TemporaryFile()


class Launcher:
    """The process that forks the workers. It imported the libraries, and it never sees data, train.py or a result."""

    def __init__(self) -> None:
        self._begin()

    def _begin(self) -> None:
        self.home = tempfile.mkdtemp(prefix="folds_")  # it removes the folder at its end: a killed harness cannot
        self.control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        command = [sys.executable, "-sPB", str(WORKER), "launch", str(theirs.fileno()), self.home]
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
        self.is_ready = False

    def wait_until_ready(self) -> None:
        """Wait until the libraries are imported. Raises RuntimeError."""
        if not self.is_ready:
            if self.control.recv(16) != b"ready":
                raise RuntimeError(f"the launcher ended at its start, exit status {self.process.wait()}")
            self.is_ready = True

    def fork(self) -> tuple[int, socket.socket]:
        """Fork a worker; return its process id and the socket to it. A launcher that has ended is started anew."""
        try:
            return self._fork()
        except OSError:
            self.close()
            self._begin()
            return self._fork()

    def _fork(self) -> tuple[int, socket.socket]:
        self.wait_until_ready()
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        try:
            ours.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
            with theirs:
                socket.send_fds(self.control, [REQUEST], [theirs.fileno()])
            return _sender(ours), ours
        except BaseException:
            ours.close()
            raise

    def close(self) -> None:
        """End the launcher."""
        self.control.close()
        self.process.wait()
        shutil.rmtree(self.home, ignore_errors=True)


def _sender(line: socket.socket) -> int:
    """Wait for the first message on a socket and return the process id of who sent it. Raises OSError.

    The number comes from the kernel, in this process's count: a worker may be the first in a count of its own.
    """
    message, ancillary, _, _ = line.recvmsg(len(HERE), socket.CMSG_SPACE(CREDENTIALS.size))
    if message != HERE:
        raise ConnectionError("no worker was forked")
    line.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 0)
    pid, _uid, _gid = CREDENTIALS.unpack(ancillary[0][2])
    return int(pid)


@dataclass(frozen=True, slots=True)
class _Worker:
    pid: int
    handle: int
    folder: str
    feeder: BlockFeeder


class ForkSlot:
    """A slot whose workers are forked by a launcher, as children of this process."""

    has_row_blocks = True

    def __init__(self, launcher: Launcher, *, is_owner: bool) -> None:
        self.launcher, self.is_owner = launcher, is_owner
        self.worker: _Worker | None = None

    def wait_until_ready(self) -> None:
        """Wait until the launcher has imported the libraries."""
        self.launcher.wait_until_ready()

    @property
    def ends(self) -> list[int]:
        """What becomes readable when the worker asks or ends."""
        return [] if self.worker is None else [self.worker.handle, self.worker.feeder.line.fileno()]

    def start(self, files: Files) -> int:
        """Start the task and return its process id."""
        pid, line = self.launcher.fork()
        copies = [nameless_file("rows") for _ in files.blocks]
        folder = tempfile.mkdtemp(prefix="fold_", dir=self.launcher.home)
        feeder = BlockFeeder(files.blocks, copies, files.sizes, files.result, line)
        self.worker = _Worker(pid, os.pidfd_open(pid), folder, feeder)
        descriptors = [file.fileno() for file in (files.job, files.result, files.log, *copies)]
        with contextlib.suppress(OSError):  # it has ended already, and poll will say how
            socket.send_fds(line, [folder.encode()], descriptors)
        line.setblocking(False)
        return pid

    def poll(self) -> Exit | None:
        """Give the next rows if they are asked for, and return how the task ended; None while it runs."""
        worker = _running(self.worker)
        ready, _, _ = select.select(self.ends, [], [], 0)
        if worker.handle not in ready:
            if ready and not worker.feeder.give():
                self.kill()
            return None
        ended = _reap(worker.pid, os.WNOHANG)
        worker.feeder.settle()
        self._forget()
        return ended

    def kill(self) -> None:
        """End the running task at once."""
        os.kill(_running(self.worker).pid, signal.SIGKILL)  # the number is its own until it is reaped

    def close(self) -> None:
        """End whatever runs in this slot, and give the slot up."""
        if self.worker is not None:
            self.kill()
            _reap(self.worker.pid)
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
    """A slot whose workers are fresh interpreters: about a second each, on any system."""

    has_row_blocks = False

    def __init__(self) -> None:
        self.process: subprocess.Popen[bytes] | None = None
        self.folder = ""

    def wait_until_ready(self) -> None:
        """Do nothing: every task imports the libraries itself."""

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
        """End the running task at once."""
        _running(self.process).kill()

    def close(self) -> None:
        """End whatever runs in this slot, and give the slot up."""
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _ended(self, process: subprocess.Popen[bytes]) -> Exit | None:
        if not hasattr(os, "wait4"):
            status = process.poll()
            return None if status is None else Exit(status, None, None)
        ended = _reap(process.pid, os.WNOHANG)
        if ended is not None:
            process.returncode = os.waitstatus_to_exitcode(ended.status)
        return ended


def _running(worker: T | None) -> T:
    if worker is None:
        raise RuntimeError("no task was started in this slot")
    return worker


def _reap(pid: int, options: int = 0) -> Exit | None:
    """Return how a child ended; None while it runs and `options` say not to wait."""
    pid, status, used = os.wait4(pid, options)
    if not pid:
        return None
    scale = 1 << 20 if sys.platform == "darwin" else 1 << 10  # ru_maxrss is in bytes there, in kilobytes elsewhere
    return Exit(status, used.ru_utime + used.ru_stime, used.ru_maxrss / scale)
