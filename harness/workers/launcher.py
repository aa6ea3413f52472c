"""Run workers in slots that a launcher forks, and find out whether this system allows it.

A slot runs one task at a time. Input and output are three unnamed files (job, result, log), so train.py cannot block
the harness, and no file is left behind when the harness is killed.

Covered: no worker inherits a byte of an earlier one. The launcher forks every worker and receives nothing of its task.
The worker is a child of the harness (CLONE_PARENT). Only the harness sends it rows and reads its scores and status.
Not covered: the sandbox around a worker (harness/sandbox).
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
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import IO, Protocol, TypeVar

from harness.workers.jobs import BlockFeeder
from harness.workers.worker import HERE

T = TypeVar("T")

REQUEST = b"w"  # for one worker; always the same byte, so that it carries no information to the launcher
CREDENTIALS = struct.Struct("3i")  # process, user and group id, which the kernel attaches to a message
WORKER = Path(__file__).with_name("worker.py")
VARIABLES = (
    "PATH",
    "SYSTEMROOT",
    "LANG",
    "LC_ALL",
    "LD_LIBRARY_PATH",
    "DYLD_LIBRARY_PATH",
    "TMPDIR",
    "TEMP",
    "TMP",
)
ONE_THREAD = (
    "OMP_NUM_THREADS",
    "OMP_THREAD_LIMIT",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)
MACHINE = "machine:"  # begins the reason of a failure that train.py did not cause
NO_LIMIT_MB = 1 << 30  # version 1 of cgroups writes a huge number where there is no limit
TRY_S = 10.0  # for the end of a process that ends at once
END_S = 0.5  # from the end of a worker's socket to the end of the worker


@dataclass(frozen=True, slots=True)
class Exit:
    """The end of a task's process: wait status, and CPU seconds and peak memory as counted by the kernel."""

    status: int
    cpu_s: float | None
    peak_memory_mb: float | None
    is_refused: bool = False  # the slot killed it, because it broke its files or its socket


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


def environment() -> dict[str, str]:
    """Return the environment of a worker: of the user's variables only paths and language; one thread, fixed hashes."""
    kept = {name: os.environ[name] for name in VARIABLES if name in os.environ}
    fixed = {"JOBLIB_MULTIPROCESSING": "0", "PYTHONDONTWRITEBYTECODE": "1", "PYTHONHASHSEED": "0"}
    return kept | dict.fromkeys(ONE_THREAD, "1") | fixed


@cache
def can_fork() -> bool:
    """Return whether a process can fork siblings here and this process can wait for them.

    Tried once: an old kernel, a container's seccomp filter or an unknown processor may refuse any of the calls. Always
    False on macOS, where the threads of the linear algebra library do not survive a fork.
    """
    if sys.platform != "linux":
        return False
    try:
        _fork_once()
    except (OSError, AttributeError) as error:  # AttributeError: this Python was built without pidfd_open
        sys.stderr.write(f"workers: forking is not possible here ({error}). Each task starts a new Python (1 s).\n")
        return False
    return True


def _fork_once() -> None:
    """Have a short process fork a sibling that ends at once, and wait for it. Raises OSError, AttributeError."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours:
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        with theirs:
            command = [sys.executable, "-sPB", str(WORKER), "try_fork", str(theirs.fileno())]
            subprocess.run(
                command,
                pass_fds=[theirs.fileno()],
                env=environment(),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                check=False,
            )
        pid = _sender(ours)
    try:
        handle = os.pidfd_open(pid)
        is_readable, _, _ = select.select([handle], [], [], TRY_S)
        os.close(handle)
    finally:
        reap(pid)
    if not is_readable:
        raise OSError("the end of a forked process is not reported")


def memory_limit_mb() -> int | None:
    """Return the memory that this container may use, or None if there is no limit or none that can be read."""
    limits = []
    for path in ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"):  # versions 2 and 1
        with contextlib.suppress(OSError, ValueError):  # ValueError: "max"
            limits.append(int(Path(path).read_text()) >> 20)
    return min((limit for limit in limits if limit < NO_LIMIT_MB), default=None)


def protect_this_process() -> None:
    """Keep other processes of the same user from reading this process's memory, which holds the labels."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(4, 0, 0, 0, 0)  # PR_SET_DUMPABLE


def nameless_file(name: str) -> IO[bytes]:
    """Return an empty file without a path: in memory if the system allows it, else in the temporary folder."""
    try:
        return os.fdopen(os.memfd_create(name), "w+b")
    except (OSError, AttributeError):  # AttributeError: only Linux has the call
        return tempfile.TemporaryFile()


class Launcher:
    """The process that forks the workers. It has imported the libraries and never gets data, train.py or a result."""

    def __init__(self) -> None:
        self._begin()

    def _begin(self) -> None:
        self.home = tempfile.mkdtemp(prefix="folds_")  # the launcher removes it at its end; a killed harness could not
        self.control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        flags = "-sPB" if sys.dont_write_bytecode else "-sP"  # compiled once, the libraries load in less time
        command = [sys.executable, flags, str(WORKER), "launch", str(theirs.fileno()), self.home]
        self.process = subprocess.Popen(
            command,
            pass_fds=[theirs.fileno()],
            env=environment() | {"PYTHONDONTWRITEBYTECODE": ""},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            cwd="/",
            start_new_session=True,
        )
        theirs.close()
        self.is_ready = False

    def wait_until_ready(self) -> None:
        """Wait until the launcher has imported the libraries. Raises RuntimeError."""
        if not self.is_ready:
            if self.control.recv(16) != b"ready":
                raise RuntimeError(f"the launcher ended while it started, with exit status {self.process.wait()}")
            self.is_ready = True

    def fork(self) -> tuple[int, socket.socket]:
        """Fork a worker; return its process id and the socket to it. Restart a launcher that has ended."""
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
        """End the launcher and remove its folder."""
        self.control.close()
        self.process.wait()
        shutil.rmtree(self.home, ignore_errors=True)


def _sender(line: socket.socket) -> int:
    """Wait for the first message on a socket and return the process id of its sender. Raises OSError.

    The kernel supplies the id as this process sees it; in its own namespace the worker may have another one.
    """
    message, ancillary, _, _ = line.recvmsg(len(HERE), socket.CMSG_SPACE(CREDENTIALS.size))
    if message != HERE:
        raise ConnectionError("no worker was forked")
    line.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 0)
    pid, _uid, _gid = CREDENTIALS.unpack(ancillary[0][2])
    return int(pid)


def reap(pid: int, options: int = 0) -> Exit | None:
    """Return how a child ended; None if it runs and `options` is WNOHANG."""
    pid, status, used = os.wait4(pid, options)
    if not pid:
        return None
    scale = 1 << 20 if sys.platform == "darwin" else 1 << 10  # ru_maxrss is in bytes on macOS, in kilobytes elsewhere
    return Exit(status, used.ru_utime + used.ru_stime, used.ru_maxrss / scale)


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
        self.is_refused = False

    def wait_until_ready(self) -> None:
        """Wait until the launcher has imported the libraries."""
        self.launcher.wait_until_ready()

    @property
    def ends(self) -> list[int]:
        """The descriptors that become readable when the worker asks for rows or ends."""
        return [] if self.worker is None else [self.worker.handle, self.worker.feeder.line.fileno()]

    def start(self, files: Files) -> int:
        """Start the task and return its process id."""
        self.is_refused = False
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
        worker = running(self.worker)
        ready, _, _ = select.select(self.ends, [], [], 0)
        if worker.handle not in ready:
            # The socket of a process that is killed closes a moment before its end is reported.
            if ready and not worker.feeder.give() and not select.select([worker.handle], [], [], END_S)[0]:
                self.is_refused = True
                self.kill()
            return None
        ended = reap(worker.pid, os.WNOHANG)
        worker.feeder.settle()
        self._forget()
        return replace(ended, is_refused=self.is_refused) if ended else None

    def kill(self) -> None:
        """Kill the running task."""
        os.kill(running(self.worker).pid, signal.SIGKILL)  # the id stays its own until it is reaped

    def close(self) -> None:
        """Kill the running task, if any, and release the slot."""
        if self.worker is not None:
            self.kill()
            reap(self.worker.pid)
            self._forget()
        if self.is_owner:
            self.launcher.close()

    def _forget(self) -> None:
        worker = running(self.worker)
        self.worker = None
        os.close(worker.handle)
        worker.feeder.close()
        shutil.rmtree(worker.folder, ignore_errors=True)


def running(worker: T | None) -> T:
    """Return the process of a slot. Raises RuntimeError if no task was started in it."""
    if worker is None:
        raise RuntimeError("no task was started in this slot")
    return worker
