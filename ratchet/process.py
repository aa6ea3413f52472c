"""Run a child process within budgets, and kill all of its processes at the end.

Covered: CPU seconds, wall-clock seconds and memory of the whole process tree; unlimited output; children that
change session, lose their parent or ignore signals (found by a mark in their environment, on Linux by adoption too);
our own death, after which a guard kills what we started; a pause of ourselves, which counts for no limit.
Not covered: a process that clears its environment and detaches itself where there is no adoption (macOS, Windows);
our own death on Windows, where `sweep` finds the rest later; the CPU seconds of a process that started and ended
between two samples and that no parent waited for.
"""

from __future__ import annotations

import atexit
import codecs
import contextlib
import ctypes
import os
import queue
import signal
import subprocess
import sys
import threading
import time
import uuid
from collections import deque
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import inf
from pathlib import Path
from typing import IO

import psutil

MARK = "HARNESS_PROCESS_MARK"  # environment variable that every process of a tree inherits
KEPT_STDOUT_BYTES = 1_000_000  # the end of the output: summaries come last
KEPT_STDERR_BYTES = 64_000
LINE_BYTES = 1_000_000
PR_SET_CHILD_SUBREAPER = 36  # linux/prctl.h
Echo = Callable[[str], object]  # shows output of a child while it runs
LATE_S = 1.0  # by which a step may exceed its plan on a busy machine, and the excess counts for a limit
ROUNDS = 20  # of killing: a dying process may still start others

# Read "+ GROUP MARK" and "- GROUP MARK" until the end of input, which is our death, then kill the groups that are left,
# and on Linux the processes with the marks, which may have changed their group. In three rounds, since a process shows
# no environment in the moment in which it starts.
GUARD = """
left=
while read -r sign group mark; do
  rest=
  for one in $left; do [ "$one" = "$group/$mark" ] || rest="$rest $one"; done
  left=$rest
  [ "$sign" = + ] && left="$left $group/$mark"
done
for one in $left; do kill -KILL -- "-${one%%/*}"; done
for round in 1 2 3; do
  for one in $left; do
    for file in $(grep -lsaF "$0=${one#*/}" /proc/[0-9]*/environ); do
      pid=${file#/proc/}
      kill -KILL "${pid%/environ}"
    done
  done
  [ -z "$left" ] || [ $round = 3 ] || sleep 1
done
"""


class Limit(StrEnum):
    """The limit for which a child was killed."""

    CPU = "cpu"
    WALL = "wall"
    MEMORY = "memory"
    OUTPUT = "output"
    REQUEST = "request"


@dataclass(frozen=True, slots=True)
class Budget:
    """Limits of a process tree."""

    cpu_s: float = inf
    wall_s: float = inf
    memory_mb: float = inf
    output_mb: float = 64.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a child ended. `exit_code` is None if it did not start, and `failure` is the reason.

    `stdout` and `stderr` hold the end of its output; a negative `exit_code` is the number of a signal.
    """

    exit_code: int | None
    stdout: str
    stderr: str
    cpu_s: float
    wall_s: float
    peak_memory_mb: float
    stopped_by: Limit | None = None
    failure: str = ""
    left_behind: int = 0  # processes that it started and left running, killed by us

    @property
    def is_ok(self) -> bool:
        """The child ended by itself with exit status 0."""
        return self.exit_code == 0 and self.stopped_by is None


def run(  # noqa: PLR0913 - all but the command are options
    command: Sequence[str] | str,
    *,
    cwd: Path,
    env: Mapping[str, str] | None = None,
    budget: Budget | None = None,
    stdin: Path | None = None,
    should_stop: Callable[[], bool] = lambda: False,
    echo: Echo | None = None,
) -> Outcome:
    """Run a command (a string is a shell line) until it ends or exceeds its budget, and return how it ended.

    A failure of the child is never an exception. Its whole process tree is dead when this returns or raises, also on
    Ctrl-C. `should_stop` is called several times a second. `echo` gets the output of both streams as it comes, from two
    threads.
    """
    clock, mark = Clock(), uuid.uuid4().hex
    with _adoption(), contextlib.ExitStack() as stack:
        try:
            source = stack.enter_context(stdin.open("rb")) if stdin else None
            child = _spawn(command, cwd=cwd, env=env, mark=mark, stdin=source or subprocess.DEVNULL)
        except OSError as error:
            return Outcome(None, "", "", 0.0, clock.tick(), 0.0, failure=_why_not(command, cwd, error))
        tree = _Tree(child, mark)
        out, err = _Drain(child.stdout, KEPT_STDOUT_BYTES, echo), _Drain(child.stderr, KEPT_STDERR_BYTES, echo)
        try:
            limit = _watch(tree, budget or Budget(), [out, err], should_stop, clock)
        finally:
            left = tree.kill()
    return Outcome(
        exit_code=child.returncode,
        stdout=out.text(),
        stderr=err.text(),
        cpu_s=tree.cpu_s,
        wall_s=clock.tick(),
        peak_memory_mb=tree.peak_memory_mb,
        stopped_by=limit,
        left_behind=left if limit is None else 0,
    )


def sweep(variable: str, values: Collection[str]) -> int:
    """Kill every process with one of the values in this environment variable, except this one and its ancestors.

    Used for processes that a killed predecessor left running. Returns their number when they are dead.
    """
    spared = {os.getpid()}
    with contextlib.suppress(psutil.Error):  # without /proc nothing is found, and nothing needs to be spared
        spared |= {parent.pid for parent in psutil.Process().parents()}
    return _kill_all(lambda: [process for process in _marked(variable, values) if process.pid not in spared])


def blindness() -> str:
    """Return a sentence for the user if other processes cannot be seen here, else ""."""
    if sys.platform != "linux" or Path("/proc/self").exists():
        return ""
    return "No /proc is mounted here: the CPU seconds, the memory and stray children of a measurement are not seen."


class Clock:
    """Counts the seconds in which this process ran: a step counts at most LATE_S more than its planned length.

    A limit must not run out while we are stopped (SIGSTOP, a closed laptop, a paused container), since the answer may
    be there by then.
    """

    def __init__(self) -> None:
        self.seconds = 0.0
        self._last = time.monotonic()

    def tick(self, planned_s: float = 0.0) -> float:
        """Count the step since the last tick, and return the sum."""
        now = time.monotonic()
        self.seconds += min(now - self._last, planned_s + LATE_S)
        self._last = now
        return self.seconds


def environment_of_uv() -> Mapping[str, str] | None:
    """Return the environment of the `uv run` or `uvx` that started this process, or None if none did."""
    try:
        parent = psutil.Process().parent()
        return parent.environ() if parent is not None and parent.name().startswith("uv") else None
    except psutil.Error:
        return None


class LineServer:
    """A child that answers lines with lines. Its stderr goes to `log`, or to ours if `log` is None.

    With `echo`, it goes there too, as it comes.
    """

    def __init__(
        self,
        command: Sequence[str] | str,
        *,
        cwd: Path,
        env: Mapping[str, str] | None = None,
        log: Path | None = None,
        echo: Echo | None = None,
    ) -> None:
        self.failure = ""
        self._lines: queue.Queue[str | None] = queue.Queue()
        self._tree: _Tree | None = None
        with contextlib.ExitStack() as stack:
            try:
                errors = stack.enter_context(log.open("ab")) if log else None
                mark = uuid.uuid4().hex
                target = subprocess.PIPE if errors and echo else errors
                child = _spawn(command, cwd=cwd, env=env, mark=mark, stdin=subprocess.PIPE, stderr=target)
            except OSError as error:
                self.failure = _why_not(command, cwd, error)
                return
        self._tree = _Tree(child, mark)
        threading.Thread(target=self._listen, args=(child.stdout,), daemon=True).start()
        if log is not None and echo is not None:
            threading.Thread(target=_copy, args=(child.stderr, log, echo), daemon=True).start()

    @property
    def is_alive(self) -> bool:
        """The child started and has not ended."""
        return self._tree is not None and not self._tree.has_ended()

    @property
    def exit_code(self) -> int | None:
        """Exit status, or None while the child runs."""
        return None if self._tree is None or not self._tree.has_ended() else self._tree.child.returncode

    def send(self, line: str) -> bool:
        """Send one line; return False if the child no longer reads."""
        if self._tree is None or self._tree.child.stdin is None:
            return False
        try:
            self._tree.child.stdin.write(line.encode() + b"\n")
            self._tree.child.stdin.flush()
        except (OSError, ValueError):
            return False
        return True

    def receive(self, wait_s: float) -> str | None:
        """Return the next line, or None after `wait_s` seconds or at the end of the output (see `is_alive`)."""
        if self._tree is None:
            return None
        try:
            line = self._lines.get(timeout=max(0.0, wait_s))
        except queue.Empty:
            return None
        if line is None:
            self._lines.put(None)
            with contextlib.suppress(subprocess.TimeoutExpired):  # the process ends shortly after its output
                self._tree.wait(1.0)
        return line

    def close(self, grace_s: float = 2.0) -> None:
        """Close its stdin, wait `grace_s` seconds, then kill the rest of its process tree."""
        if self._tree is None:
            return
        if self._tree.child.stdin is not None:
            with contextlib.suppress(OSError):
                self._tree.child.stdin.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._tree.wait(grace_s)
        self._tree.kill()

    def _listen(self, stream: IO[bytes]) -> None:
        with contextlib.suppress(OSError, ValueError):
            while line := stream.readline(LINE_BYTES):
                self._lines.put(line.decode("utf-8", "replace").rstrip("\r\n"))
        self._lines.put(None)


def _spawn(
    command: Sequence[str] | str,
    *,
    cwd: Path,
    env: Mapping[str, str] | None,
    mark: str,
    stdin: int | IO[bytes],
    stderr: int | IO[bytes] | None = subprocess.PIPE,
) -> subprocess.Popen[bytes]:
    child = subprocess.Popen(
        command if isinstance(command, str) else list(command),
        shell=isinstance(command, str),
        cwd=cwd,
        env={**(os.environ if env is None else env), MARK: mark},
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=stderr,
        start_new_session=True,  # we handle Ctrl-C in the terminal, not the child
    )
    _guard("+", child.pid, mark)
    return child


def _why_not(command: Sequence[str] | str, cwd: Path, error: OSError) -> str:
    if not cwd.is_dir():
        return f"no such directory: {cwd}"
    program = command if isinstance(command, str) else command[0]
    return f"command not found: {program}" if isinstance(error, FileNotFoundError) else f"{program}: {error.strerror}"


def _watch(
    tree: _Tree, budget: Budget, drains: Sequence[_Drain], should_stop: Callable[[], bool], clock: Clock
) -> Limit | None:
    """Wait for the child; return the first exceeded limit, or None."""
    pause_s = 0.01
    while True:
        with contextlib.suppress(subprocess.TimeoutExpired):
            tree.wait(pause_s)
            return None
        before_s = clock.tick(pause_s)
        tree.look()
        wall_s = clock.tick()
        limit = _broken_limit(tree, budget, wall_s, sum(drain.seen_bytes for drain in drains), should_stop)
        if limit is not None:
            return limit
        # Listing the processes of a busy machine takes time: spend at most a twentieth of the run time on it.
        pause_s = min(0.5, max(pause_s * 1.5 if pause_s < 0.1 else 0.1, 20 * (wall_s - before_s)))


def _broken_limit(
    tree: _Tree, budget: Budget, wall_s: float, output_bytes: int, should_stop: Callable[[], bool]
) -> Limit | None:
    if tree.cpu_s > budget.cpu_s:
        return Limit.CPU
    if wall_s > budget.wall_s:
        return Limit.WALL
    if tree.memory_mb > budget.memory_mb:
        return Limit.MEMORY
    if output_bytes > budget.output_mb * 1e6:
        return Limit.OUTPUT
    return Limit.REQUEST if should_stop() else None


def _copy(stream: IO[bytes], log: Path, echo: Echo) -> None:
    """Append a pipe to a file and echo it, until it ends."""
    with stream, log.open("ab", buffering=0) as file, contextlib.suppress(OSError, ValueError):
        while chunk := os.read(stream.fileno(), 65_536):
            file.write(chunk)
            echo(chunk.decode("utf-8", "replace"))


class _Drain:
    """Reads a pipe to its end and keeps the last bytes, so that the child never blocks and memory stays bounded."""

    def __init__(self, stream: IO[bytes] | None, kept_bytes: int, echo: Echo | None = None) -> None:
        self.seen_bytes = 0
        self._echo = echo
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._stream = stream
        self._kept_bytes = kept_bytes
        self._chunks: deque[bytes] = deque()
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def text(self) -> str:
        """Return the kept text. Call it after the process tree is dead, when the pipe is at its end."""
        clock = Clock()
        while self._thread.is_alive() and clock.seconds < 2.0:
            self._thread.join(timeout=0.1)
            clock.tick()
        return b"".join(list(self._chunks))[-self._kept_bytes :].decode("utf-8", "replace")

    def _read(self) -> None:
        if self._stream is None:
            return
        held = 0
        with self._stream, contextlib.suppress(OSError, ValueError):
            while chunk := os.read(self._stream.fileno(), 65_536):
                self.seen_bytes += len(chunk)
                self._show(self._decoder.decode(chunk))
                self._chunks.append(chunk)
                held += len(chunk)
                while held - len(self._chunks[0]) > self._kept_bytes:
                    held -= len(self._chunks.popleft())

    def _show(self, text: str) -> None:
        """Echo text, until the reader of the echo is gone."""
        if self._echo is not None:
            try:
                self._echo(text)
            except (OSError, ValueError):
                self._echo = None


class _Tree:
    """A child and its descendants: measures their resources and kills them."""

    def __init__(self, child: subprocess.Popen[bytes], mark: str) -> None:
        self.child = child
        self.cpu_s = 0.0
        self.memory_mb = 0.0
        self.peak_memory_mb = 0.0
        self._mark = mark
        self._lock = threading.Lock()
        self._not_ours = _direct_children() - {child.pid}
        _roots.add(child.pid)

    def has_ended(self) -> bool:
        """Say whether the child has ended; its descendants may still run."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.wait(0.0)
        return self.child.returncode is not None

    def wait(self, seconds: float) -> None:
        """Wait for the child itself. Raises subprocess.TimeoutExpired."""
        if not hasattr(os, "wait4"):
            self.child.wait(seconds)
            return
        deadline = time.monotonic() + seconds
        while not self._reap():
            left_s = deadline - time.monotonic()
            if left_s <= 0:
                raise subprocess.TimeoutExpired(self.child.args, seconds)
            time.sleep(min(0.005, left_s))

    def look(self) -> None:
        """Sample the resources of the tree; CPU seconds never decrease."""
        cpu_s = memory_mb = 0.0
        for process in self._members():
            with contextlib.suppress(psutil.Error), process.oneshot():
                cpu_s += sum(process.cpu_times()[:4])  # user and system time, also of children it waited for
                memory_mb += process.memory_info().rss / 1e6
        self.cpu_s = max(self.cpu_s, cpu_s)
        self.memory_mb = memory_mb
        self.peak_memory_mb = max(self.peak_memory_mb, memory_mb)

    def kill(self) -> int:
        """Kill the tree and return the number of killed processes."""
        if blindness() and self.child.returncode is None:
            with contextlib.suppress(OSError):
                os.killpg(self.child.pid, signal.SIGKILL)
        n_killed = _kill_all(lambda: [*self._members(), *_marked(MARK, [self._mark])], self._collect)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.wait(5.0)
        _roots.discard(self.child.pid)
        _guard("-", self.child.pid, self._mark)
        return n_killed

    def _collect(self) -> None:
        """Wait for a child that was killed: it stays a zombie, and its output open, until then."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.wait(1.0)

    def _reap(self) -> bool:
        """Collect the exit status if the child ended, with its exact CPU time, which subprocess discards."""
        with self._lock:
            if self.child.returncode is not None:
                return True
            try:
                pid, status, usage = os.wait4(self.child.pid, os.WNOHANG)
            except ChildProcessError:
                self.child.returncode = -1
                return True
            if pid == 0:
                return False
            self.child.returncode = os.waitstatus_to_exitcode(status)
            self.cpu_s = max(self.cpu_s, usage.ru_utime + usage.ru_stime)
            peak_mb = usage.ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3)
            self.peak_memory_mb = max(self.peak_memory_mb, peak_mb)
            return True

    def _members(self) -> list[psutil.Process]:
        """Return the descendants of this child, with adopted orphans."""
        family: dict[int, psutil.Process] = {}
        with contextlib.suppress(psutil.Error):
            family = {process.pid: process for process in psutil.Process().children(recursive=True)}
        parents = {pid: _parent(process) for pid, process in family.items()}
        direct = [process for pid, process in family.items() if parents[pid] == os.getpid()]
        heads = {process.pid for process in direct if process.pid == self.child.pid or self._is_orphan(process)}
        return [process for pid, process in family.items() if _head(pid, parents) in heads]

    def _is_orphan(self, process: psutil.Process) -> bool:
        """Say whether a direct child of ours was started in this tree by a parent that has ended."""
        if process.pid in _roots | self._not_ours or not hasattr(os, "getsid"):
            return False
        try:
            if os.getsid(process.pid) == os.getsid(0):
                return False  # git and others, started by the rest of this program
            mark = process.environ().get(MARK)
        except (OSError, psutil.Error):
            mark = None
        return mark == self._mark or (mark is None and _adopters == 1)


_roots: set[int] = set()  # pids of the live children that this module started
_adopters = 0
_adopters_lock = threading.Lock()


@contextlib.contextmanager
def _adoption() -> Iterator[None]:
    """Let the kernel make us the parent of orphaned descendants for a while, so that none escapes (Linux)."""
    global _adopters  # the flag is one for the process, so its count is global
    with _adopters_lock:
        _adopters += 1
        _set_adoption(_adopters > 0)
    try:
        yield
    finally:
        with _adopters_lock:
            _adopters -= 1
            _set_adoption(_adopters > 0)


def _set_adoption(is_on: bool) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, int(is_on), 0, 0, 0)


def _direct_children() -> set[int]:
    """Return the children that this process already has, which are no orphans of a new tree."""
    with contextlib.suppress(psutil.Error):
        return {process.pid for process in psutil.Process().children()}
    return set()


def _parent(process: psutil.Process) -> int:
    try:
        return process.ppid()
    except psutil.Error:
        return 0


def _head(pid: int, parents: Mapping[int, int]) -> int:
    """Return the ancestor of `pid` that is our direct child, or 0."""
    seen: set[int] = set()
    while pid in parents and pid not in seen:
        if parents[pid] == os.getpid():
            return pid
        seen.add(pid)
        pid = parents[pid]
    return 0


def _marked(variable: str, values: Collection[str]) -> list[psutil.Process]:
    found: list[psutil.Process] = []
    for process in () if blindness() else psutil.process_iter():
        try:
            if process.environ().get(variable) in values and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except psutil.Error:
            continue  # ended, or of another user
    return found


def _kill_all(find: Callable[[], Collection[psutil.Process]], collect: Callable[[], None] = lambda: None) -> int:
    """Kill what `find` finds until it finds nothing more; return how many processes that were."""
    killed: set[psutil.Process] = set()
    for _ in range(ROUNDS):
        alive = set(find())
        if not alive:
            break
        killed |= alive
        for process in alive:
            with contextlib.suppress(psutil.Error):
                process.kill()
        collect()
        psutil.wait_procs([process for process in alive if process.pid not in _roots], timeout=0.5)
    return len(killed)


_guards: list[subprocess.Popen[bytes]] = []  # the one that runs, started with the first child
_guards_lock = threading.Lock()


def _guard(sign: str, group: int, mark: str) -> None:
    """Have the guard know a child ("+") or forget it ("-"). Without a shell (Windows) there is no guard."""
    if sys.platform == "win32":
        return
    with _guards_lock, contextlib.suppress(OSError):
        if not _guards or _guards[0].poll() is not None:
            _guards[:] = [_start_guard()]
        pipe = _guards[0].stdin
        assert pipe is not None
        pipe.write(f"{sign} {group} {mark}\n".encode())
        pipe.flush()


def _start_guard() -> subprocess.Popen[bytes]:
    """Start the process that waits for our end, however we end. Only we hold the other end of its input."""
    guard = subprocess.Popen(
        ["/bin/sh", "-c", GUARD, MARK],
        cwd="/",
        env={"PATH": os.environ.get("PATH", os.defpath)},
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    _roots.add(guard.pid)
    atexit.register(_dismiss, guard)
    return guard


def _dismiss(guard: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(OSError, subprocess.TimeoutExpired):
        guard.communicate(timeout=1.0)
