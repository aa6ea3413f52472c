"""Files that several processes use: a text that is replaced as a whole, and the lock of a run.

One process at a time works on a run. The lock ends with its holder, and a text in the file names the holder. The
library filelock does the same for 0.15 s more at the start of every command, so we call the system ourselves.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import psutil

from ratchet.errors import RatchetError

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

FAR = 1 << 30  # Windows locks bytes and makes them unreadable: lock one far behind the text


def write_atomic(path: Path, text: str) -> None:
    """Replace a text file, so that a reader, or a process after a kill, finds the old text or the new one.

    Creates the folder. Raises OSError.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.ratchet~")  # a fixed name: a kill leaves one file at most
    temporary.write_text(text, "utf-8", errors="replace", newline="\n")  # an agent's text may hold lone surrogates
    temporary.replace(path)


@contextlib.contextmanager
def hold_lock(path: Path, what: str) -> Iterator[None]:
    """Hold the lock of a run. Raises RatchetError with the holder's name if another process has it.

    The system frees the lock of a dead holder, whatever the text says.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+", encoding="utf-8") as file:
        if not _try_lock(file):
            raise RatchetError(f"run {path.parent.name} is locked by {_holder(file)}. Wait, or run `ratchet stop`.")
        me = {"pid": os.getpid(), "create_time": psutil.Process().create_time(), "what": what, "since": time.time()}
        _write(file, json.dumps(me))
        try:
            yield
        finally:
            _write(file, "")


def holder_pid(path: Path) -> int | None:
    """Return the pid of the live process that holds the lock, or None."""
    try:
        data = json.loads(path.read_text("utf-8"))
        process = psutil.Process(data["pid"])
        return process.pid if abs(process.create_time() - data["create_time"]) < 1.0 else None
    except (OSError, ValueError, KeyError, TypeError, psutil.Error):
        return None


def _holder(file: IO[str]) -> str:
    file.seek(0)
    try:
        data = json.loads(file.read())
        since = time.strftime("%H:%M", time.localtime(data["since"]))
        return f"process {data['pid']} ({data['what']}, since {since})"
    except (ValueError, KeyError, TypeError):
        return "another process"


def _write(file: IO[str], text: str) -> None:
    file.seek(0)
    file.truncate()
    file.write(text)
    file.flush()


if sys.platform == "win32":

    def _try_lock(file: IO[str]) -> bool:
        file.seek(FAR)
        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:

    def _try_lock(file: IO[str]) -> bool:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True
