"""A file for file systems without locks, which only one process can create.

Covered: a holder that was killed on this machine; its file is removed. Not covered: a holder that was killed on another
machine or before a restart, which this machine cannot ask; the message names the file, and the user deletes it.
"""

from __future__ import annotations

import contextlib
import json
import os
import platform
from collections.abc import Iterator
from dataclasses import asdict, replace
from functools import lru_cache
from pathlib import Path

import psutil

from ratchet.core.records import Holder, parse_holder
from ratchet.errors import LockedError


@contextlib.contextmanager
def hold(lock: Path, me: Holder) -> Iterator[None]:
    """Hold the file while the block runs. Raises LockedError with the holder's name if another process has it."""
    target, me = file_of(lock), replace(me, where=_where(), began=_began(me.pid))
    _remove_dead(target)
    try:
        with target.open("x", encoding="utf-8") as file:
            file.write(json.dumps(asdict(me)))
    except FileExistsError:
        raise _locked(lock, parse_holder(_text(target))) from None
    try:
        yield
    finally:
        target.unlink(missing_ok=True)


def holder_pid(lock: Path) -> int | None:
    """Return the pid of the process that holds the file (0 if it has not given its name yet), or None."""
    target = file_of(lock)
    holder = parse_holder(_text(target))
    if not target.exists() or (holder and _is_dead(holder)):
        return None
    return holder.pid if holder else 0


def file_of(lock: Path) -> Path:
    """Return the file that stands for a lock."""
    return lock.with_name(f"{lock.name}.held")


def _locked(lock: Path, holder: Holder | None) -> LockedError:
    run = f"run {lock.parent.name} is locked by"
    if holder is not None and holder.where == _where():
        return LockedError(f"{run} {holder}. Wait, or run `ratchet stop`.")
    who = f"{holder} on {holder.where.partition(' ')[0] or 'another machine'}" if holder else "another process"
    return LockedError(f"{run} {who}. Wait; if that process has ended, delete {file_of(lock)}.")


def _remove_dead(target: Path) -> None:
    """Remove the file of a dead holder, and none that another process has created meanwhile."""
    text, aside = _text(target), target.with_name(f"{target.name}-{os.getpid()}")
    holder = parse_holder(text)
    if holder is None or not _is_dead(holder):
        return
    with contextlib.suppress(OSError):
        target.rename(aside)
        if _text(aside) != text:
            aside.rename(target)
        aside.unlink(missing_ok=True)


def _is_dead(holder: Holder) -> bool:
    """Say whether the holder lived on this machine since its start, and has ended. The pid may be another's by now."""
    return holder.where == _where() and _began(holder.pid) != holder.began


@lru_cache(maxsize=1)
def _where() -> str:
    """Name the machine, its last start, and the container: a pid means something there alone."""
    parts = [platform.node() or "unnamed"]
    with contextlib.suppress(OSError):
        parts.append(Path("/proc/sys/kernel/random/boot_id").read_text("utf-8").strip())
        parts.append(os.readlink("/proc/self/ns/pid"))  # noqa: PTH115 - it names no path
    return " ".join(parts)


def _began(pid: int) -> str:
    """Return when a process began, "" if there is none: in ticks where the system counts them, which no clock sets."""
    with contextlib.suppress(OSError, IndexError):
        return Path(f"/proc/{pid}/stat").read_text("utf-8", "replace").rpartition(")")[2].split()[19]
    try:
        return str(psutil.Process(pid).create_time())
    except (psutil.Error, ValueError):
        return ""


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, ValueError):
        return ""
