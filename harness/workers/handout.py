"""Hand a fold the rows to score one block at a time: the next one only when the scores of the last are fixed.

Two processes use it: the lane, which is trusted and holds the rows, and the task that it forked, which runs train.py.

Covered: while a file fits, no row to score is in its process; while it scores the validation rows, no probe row is, and
what it said of them stands, whatever it writes over it later, and whatever it does to its ends of files and pipes.
Not covered: lanes of fresh interpreters, where a system has no fork, get all blocks at once.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

ASK, GO = b"?", b"!"
HEADER = 1  # byte before the first block's scores: what kind of scores they are, known once the file is fitted
FAILURE = b"E"


@dataclass(frozen=True, slots=True)
class Door:
    """The task's side: empty files that fill up, and two pipes to ask by and to be told by."""

    files: Sequence[int]
    ask: int
    told: int

    def blocks(self) -> Iterator[Any]:
        """Yield one block after another, each when the scores of the one before it are written."""
        from harness.workers import jobs

        for file in self.files:
            os.write(self.ask, ASK)
            if os.read(self.told, 1) != GO:
                raise EOFError("the harness gave no more rows")
            yield jobs.read(file)["X"]
            os.close(file)


class Handout:
    """The lane's side.

    Parameters
    ----------
    blocks : file descriptors
        Written jobs, each with one block as its "X".
    sizes : ints
        Bytes of the scores of each block.
    result : file descriptor
        Where the task writes its scores.
    """

    def __init__(self, blocks: Sequence[int], sizes: Sequence[int], result: int) -> None:
        self.blocks, self.sizes, self.result = blocks, sizes, result
        self.copies = [os.memfd_create("rows") for _ in blocks]
        self.asked, self.ask = os.pipe()
        self.told, self.tell = os.pipe()
        for descriptor in (self.asked, self.tell):
            os.set_blocking(descriptor, False)  # the task may drain the one and fill the other: nobody waits for it
        self.fixed = b""
        self.n_given = 0

    def into_task(self) -> Door:
        """Return the task's side, in the task: its process keeps no way to the rows."""
        for descriptor in (*self.blocks, self.asked, self.tell):
            os.close(descriptor)
        return Door(self.copies, self.ask, self.told)

    def into_lane(self) -> None:
        """Let go of the task's side, in the lane: when the task ends, the pipe does."""
        os.close(self.ask)
        os.close(self.told)

    def give(self) -> bool:
        """Fix what is written so far and hand out the next block; False where scores are missing or nobody asks.

        False, too, where the task has spoiled the files and pipes by which it would get the rows.
        """
        try:
            return self._give()
        except OSError:
            return False

    def _give(self) -> bool:
        if os.read(self.asked, 1) != ASK or self.n_given == len(self.blocks):
            return False
        due = HEADER + sum(self.sizes[: self.n_given])
        if os.fstat(self.result).st_size != due:
            return False
        self.fixed += os.pread(self.result, due - len(self.fixed), len(self.fixed))
        if len(self.fixed) != due:  # it was cut in between
            return False
        block, copy = self.blocks[self.n_given], self.copies[self.n_given]
        left, place = os.fstat(block).st_size, 0
        while left:
            n_sent = os.sendfile(copy, block, place, left)
            place, left = place + n_sent, left - n_sent
        self.n_given += 1
        os.write(self.tell, GO)
        return True

    def settle(self) -> None:
        """Put back what was fixed, after the task's end; a task that failed has said so instead."""
        import fcntl  # Windows has none, and hands nothing out

        if self.fixed and os.pread(self.result, 1, 0) != FAILURE:
            fcntl.fcntl(self.result, fcntl.F_SETFL, 0)  # or what is put back comes last, if the task wished it so
            os.pwrite(self.result, self.fixed, 0)

    def close(self) -> None:
        """Let go of everything."""
        for descriptor in (*self.copies, *self.blocks, self.asked, self.tell):
            os.close(descriptor)
