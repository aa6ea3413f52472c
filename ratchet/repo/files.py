"""Files that several processes use: a text that is replaced as a whole, a file in two places, and the lock of a run.

One process at a time works on a run. The lock ends with its holder, and a text in the file names the holder. The
library filelock does the same for 0.15 s more at the start of every command, so we call the system ourselves. Some
file systems have no locks (some NFS, Lustre and FUSE mounts): see stand_in.py.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import shutil
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import IO

from ratchet.core.records import Holder, parse_holder
from ratchet.errors import LockedError, RatchetError
from ratchet.repo import stand_in

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

FAR = 1 << 30  # Windows locks bytes and makes them unreadable: lock one far behind the text
TRIES = 5  # 20 ms apart: a command that asks who holds the lock has it for an instant
# Any other error means that the file system has no locks.
HELD = {errno.EACCES, errno.EDEADLK} if sys.platform == "win32" else {errno.EWOULDBLOCK, errno.EAGAIN}


class _NoLocksError(Exception):
    """The file system has no locks; the message is the system's."""


def check_ours(path: Path, mark: bytes) -> None:
    """Raise RatchetError if a file exists that lacks the mark of ours: nothing of the user's is overwritten."""
    if path.is_symlink() or (path.exists() and not (path.is_file() and mark in path.read_bytes())):
        raise RatchetError(f"{path}: the file exists, and ratchet did not write it. Move it, or choose another name.")


def write_atomic(path: Path, text: str) -> None:
    """Replace a text file, so that a reader, or a process after a kill, finds the old text or the new one.

    Creates the folder. Raises OSError.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.ratchet~")  # a fixed name: a kill leaves one file at most
    temporary.write_text(text, "utf-8", errors="replace", newline="\n")  # an agent's text may hold lone surrogates
    temporary.replace(path)


def make_same(source: Path, target: Path) -> None:
    """Make `target` another name of `source`, or a copy where the file system has no hard links. Raises OSError."""
    with contextlib.suppress(OSError):
        if source.samefile(target):
            return
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f".{target.name}.ratchet~")
    temporary.unlink(missing_ok=True)
    try:
        temporary.hardlink_to(source)
    except OSError:
        shutil.copy2(source, temporary)
    temporary.replace(target)


@contextlib.contextmanager
def hold_lock(path: Path, what: str) -> Iterator[str]:
    """Hold the lock of a run; yield a sentence for the user if the file system has no locks, else "".

    The system frees the lock of a dead holder, whatever the text says. Raises LockedError with the holder's name if
    another process has the lock.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    me = Holder(os.getpid(), what, time.time())
    with path.open("a+", encoding="utf-8") as file:
        try:
            is_ours = _try_often(file)
        except _NoLocksError as error:
            with _hold_stand_in(path, me, str(error)) as note:
                yield note
            return
        if not is_ours:
            who = parse_holder(_read(file)) or "another process"
            raise LockedError(f"run {path.parent.name} is locked by {who}. Wait, or run `ratchet stop`.")
        _write(file, json.dumps(asdict(me)))
        try:
            yield ""
        finally:
            _write(file, "")


def left_since(path: Path) -> float | None:
    """Return since when the last holder had the lock if it did not give it back: it was killed, or it still works."""
    try:
        holder = parse_holder(path.read_text("utf-8", "replace"))
    except OSError:
        return None
    return holder.since if holder else None


def holder_pid(path: Path) -> int | None:
    """Return the pid of the process that holds the lock (0 if it has not given its name yet), or None.

    Asks the lock itself: the text outlives a holder that was killed, and a clock that is set changes when it began.
    """
    try:
        with path.open(encoding="utf-8") as file:
            if _try_lock(file, is_shared=True):
                return None
            holder = parse_holder(_read(file))
            return holder.pid if holder else 0
    except OSError:
        return None
    except _NoLocksError:
        return stand_in.holder_pid(path)


def _try_often(file: IO[str]) -> bool:
    for _ in range(TRIES):
        if _try_lock(file, is_shared=False):
            return True
        time.sleep(0.02)
    return False


@contextlib.contextmanager
def _hold_stand_in(path: Path, me: Holder, reason: str) -> Iterator[str]:
    with stand_in.hold(path, me):
        yield (
            f"{path.parent}: this file system has no locks ({reason}). The file {stand_in.file_of(path).name} in it "
            "stands for the lock until this command ends; delete it if another machine crashed and left it."
        )


def _read(file: IO[str]) -> str:
    """Return the text of a lock that is held; its holder writes it right after it got the lock."""
    for _ in range(TRIES):
        file.seek(0)
        if text := file.read():
            return text
        time.sleep(0.01)
    return ""


def _write(file: IO[str], text: str) -> None:
    file.seek(0)
    file.truncate()
    file.write(text)
    file.flush()


def _is_held(error: OSError) -> bool:
    """Return True for a lock that another process holds. Raises _NoLocksError for any other error."""
    if error.errno in HELD:
        return True
    raise _NoLocksError(error.strerror or str(error)) from None


if sys.platform == "win32":

    def _try_lock(file: IO[str], *, is_shared: bool) -> bool:
        file.seek(FAR)
        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError as error:
            return not _is_held(error)
        return True

else:

    def _try_lock(file: IO[str], *, is_shared: bool) -> bool:
        try:
            fcntl.flock(file, (fcntl.LOCK_SH if is_shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except OSError as error:
            return not _is_held(error)
        return True
