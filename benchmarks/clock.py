"""Count the CPU seconds of a process tree, in which the budgets of the contenders are given."""

from __future__ import annotations

import contextlib
import resource
import time
from collections.abc import Callable, Iterator

import psutil


def tree_cpu_s() -> float:
    """Return the CPU seconds of this process, of the children it waited for, and of every living descendant.

    The figure of a living process includes the children that it waited for.
    """
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    total = time.process_time() + ended.ru_utime + ended.ru_stime
    for process in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.Error):
            total += sum(process.cpu_times()[:4])
    return total


class Clock:
    """CPU seconds since its creation, without those used inside `aside`."""

    def __init__(self, read: Callable[[], float] = tree_cpu_s) -> None:
        self._read = read
        self.begun_s = read()
        self._aside_s = 0.0

    def used_s(self) -> float:
        """Return the CPU seconds that count against the budget."""
        return self._read() - self.begun_s - self._aside_s

    @contextlib.contextmanager
    def aside(self) -> Iterator[list[float]]:
        """Exclude the CPU seconds used inside; the list holds them afterwards."""
        begun, spent = self._read(), []
        try:
            yield spent
        finally:
            spent.append(self._read() - begun)
            self._aside_s += spent[0]


def read_walls_as_cpu() -> None:
    """Make `time.time` count CPU seconds of this process, for libraries whose budgets are wall seconds."""
    begun, used = time.time(), time.process_time()
    time.time = lambda: begun + time.process_time() - used
