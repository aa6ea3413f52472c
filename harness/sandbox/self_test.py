"""Try everything that the sandbox forbids, from the inside, and report the outcomes.

The harness runs this as the task of an ordinary fold, to find out what is enforced. An attempt that is stopped gives
True.
"""

from __future__ import annotations

import contextlib
import ctypes
import mmap
import os
import socket
import struct
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeAlias

Attempt: TypeAlias = Callable[[Mapping[str, Any]], None]
GROUPS: dict[str, tuple[str, ...]] = {
    "files": ("read_table", "write_beside_table", "write_shared_memory", "read_parent_memory"),
    "network": ("connect", "name_a_socket", "read_names"),
    "processes": ("fork", "signal_parent", "keep_capabilities"),
    "memory": ("allocate",),
    "traces": ("access_time",),
}


def attempt_all(targets: Mapping[str, Any]) -> dict[str, bool]:
    """Make each attempt on the targets of the harness; True if it was stopped."""
    return {name: _is_stopped(attempt, targets) for name, attempt in ATTEMPTS.items()}


def _is_stopped(attempt: Attempt, targets: Mapping[str, Any]) -> bool:
    try:
        attempt(targets)
    except (OSError, MemoryError):
        return True
    return False


def _read_table(targets: Mapping[str, Any]) -> None:
    Path(targets["table"]).read_bytes()


def _write_beside_table(targets: Mapping[str, Any]) -> None:
    path = Path(targets["table"]).with_name("probe.tmp")
    path.write_bytes(b"x")
    path.unlink()


def _write_shared_memory(_targets: Mapping[str, Any]) -> None:
    folder = "/dev/shm" if Path("/dev/shm").is_dir() else tempfile.gettempdir() + "/.."
    with tempfile.NamedTemporaryFile(dir=folder):
        pass


def _read_parent_memory(_targets: Mapping[str, Any]) -> None:
    if sys.platform != "linux":
        raise PermissionError("no such file on this system")
    with open(f"/proc/{os.getppid()}/mem", "rb"):  # noqa: PTH123 - plain on purpose
        pass


def _connect(targets: Mapping[str, Any]) -> None:
    with socket.create_connection(("127.0.0.1", targets["port"]), timeout=1):
        pass


def _name_a_socket(_targets: Mapping[str, Any]) -> None:
    if sys.platform != "linux":
        raise PermissionError("no such names on this system")
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.bind("\0probe")  # every process could read this name in a list


def _read_names(_targets: Mapping[str, Any]) -> None:
    if sys.platform != "linux":
        raise PermissionError("no such list on this system")
    Path("/proc/self/net/unix").read_bytes()


def _fork(_targets: Mapping[str, Any]) -> None:
    if not hasattr(os, "fork"):
        raise PermissionError("no fork on this system")
    if os.fork() == 0:
        os._exit(0)
    with contextlib.suppress(ChildProcessError):
        os.wait()


def _signal_parent(_targets: Mapping[str, Any]) -> None:
    if sys.platform == "win32":  # there os.kill(pid, 0) ends the process
        raise ProcessLookupError("not tried")
    os.kill(os.getppid(), 0)


def _keep_capabilities(_targets: Mapping[str, Any]) -> None:
    if sys.platform != "linux":
        raise PermissionError("no capabilities on this system")
    version_3, sets = struct.pack("Ii", 0x20080522, 0), ctypes.create_string_buffer(24)
    if ctypes.CDLL(None).capget(version_3, sets) or not any(sets.raw):
        raise PermissionError("none is left")


def _allocate(targets: Mapping[str, Any]) -> None:
    size = (targets["memory_mb"] + 64) << 20
    flags = {} if sys.platform == "win32" else {"flags": mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS}
    with mmap.mmap(-1, size, **flags):
        pass


def _access_time(_targets: Mapping[str, Any]) -> None:
    """Fail if all mounts are read-only, so that reading a file does not change its access time."""
    if not hasattr(os, "statvfs"):
        return
    if os.statvfs(sys.prefix).f_flag & os.ST_RDONLY:
        raise PermissionError("mounted read-only")


_FILES = (_read_table, _write_beside_table, _write_shared_memory, _read_parent_memory, _access_time)
_OTHERS = (_connect, _name_a_socket, _read_names, _fork, _signal_parent, _keep_capabilities, _allocate)
ATTEMPTS: dict[str, Attempt] = {attempt.__name__.removeprefix("_"): attempt for attempt in (*_FILES, *_OTHERS)}
