"""How much CPU a process and everything below it has used: what the contenders' budgets are counted in."""

from __future__ import annotations

import contextlib
import resource
import time
from collections.abc import Callable, Iterator

import psutil


def tree_cpu_s() -> float:
    """Return the CPU seconds of this process, of the children it waited for, and of every descendant that is alive.

    A living process also answers for the children that it waited for itself.
    """
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    total = time.process_time() + ended.ru_utime + ended.ru_stime
    for process in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.Error):
            total += sum(process.cpu_times()[:4])
    return total


class Clock:
    """CPU seconds since it was made, less what was measured aside."""

    def __init__(self, read: Callable[[], float] = tree_cpu_s) -> None:
        self._read = read
        self.begun_s = read()
        self._aside_s = 0.0

    def used_s(self) -> float:
        """Return the CPU seconds on the account."""
        return self._read() - self.begun_s - self._aside_s

    @contextlib.contextmanager
    def aside(self) -> Iterator[list[float]]:
        """Keep what is used inside off the account; the list holds it afterwards."""
        begun, spent = self._read(), []
        try:
            yield spent
        finally:
            spent.append(self._read() - begun)
            self._aside_s += spent[0]


def read_walls_as_cpu() -> None:
    """Have `time.time` count CPU seconds of this process from now on, for libraries whose budgets are wall seconds."""
    begun, used = time.time(), time.process_time()
    time.time = lambda: begun + time.process_time() - used
