"""Give a worker the rows to score one block at a time: the next one only when the scores of the last are fixed.

Two processes use it: the harness, which is trusted and holds the rows, and the worker, which runs train.py.

Covered: while a file fits, no row to score is in its process; while it scores the validation rows, no probe row is, and
their scores stay fixed, whatever the worker writes over them later, and whatever it does to its ends of files and
sockets.
Not covered: fresh interpreters, where a system has no fork, get all blocks at once.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import IO, Any

ASK, GO = b"?", b"!"
HEADER = 1  # byte before the first block's scores: what kind of scores they are, known once the file is fitted
FAILURE = b"E"


@dataclass(frozen=True, slots=True)
class BlockReader:
    """The worker's side: empty files that fill up, and the socket to ask by."""

    files: Sequence[int]
    line: int

    def blocks(self) -> Iterator[Any]:
        """Yield one block after another, each when the scores of the one before it are written."""
        from harness.workers import jobs

        for file in self.files:
            os.write(self.line, ASK)
            if os.read(self.line, 1) != GO:
                raise EOFError("the harness gave no more rows")
            yield jobs.read(file)["X"]
            os.close(file)


class BlockFeeder:
    """The harness's side.

    Parameters
    ----------
    blocks : files
        Written jobs, each with one block as its "X".
    copies : files
        As many empty files, which the worker holds too.
    sizes : ints
        Bytes of the scores of each block.
    result : file
        Where the worker writes its scores.
    line : socket
        By which the worker asks. It does not block: the worker may fill it, and nobody waits for a worker.
    """

    def __init__(
        self,
        blocks: Sequence[IO[bytes]],
        copies: Sequence[IO[bytes]],
        sizes: Sequence[int],
        result: IO[bytes],
        line: socket.socket,
    ) -> None:
        self.blocks, self.copies, self.sizes, self.line = blocks, copies, sizes, line
        self.result = result.fileno()
        self.fixed = b""
        self.n_given = 0

    def give(self) -> bool:
        """Fix what is written so far and give the next block; False where scores are missing or nobody asks.

        False, too, where the worker has spoiled the files and the socket by which it would get the rows.
        """
        try:
            return self._give()
        except OSError:
            return False

    def _give(self) -> bool:
        if self.line.recv(1) != ASK or self.n_given == len(self.blocks):
            return False
        due = HEADER + sum(self.sizes[: self.n_given])
        if os.fstat(self.result).st_size != due:
            return False
        self.fixed += os.pread(self.result, due - len(self.fixed), len(self.fixed))
        if len(self.fixed) != due:  # it was cut in between
            return False
        _copy(self.blocks[self.n_given].fileno(), self.copies[self.n_given].fileno())
        self.n_given += 1
        self.line.send(GO)
        return True

    def settle(self) -> None:
        """Put back what was fixed, after the worker's end; a task that failed has said so instead."""
        import fcntl  # Windows has none, and gives all blocks at once

        if self.fixed and os.pread(self.result, 1, 0) != FAILURE:
            fcntl.fcntl(self.result, fcntl.F_SETFL, 0)  # else what is put back is appended, if the worker chose so
            os.pwrite(self.result, self.fixed, 0)

    def close(self) -> None:
        """Let go of everything but the result."""
        self.line.close()
        for file in (*self.blocks, *self.copies):
            file.close()


def _copy(source: int, target: int) -> None:
    left, place = os.fstat(source).st_size, 0
    while left:
        n_sent = os.sendfile(target, source, place, left)
        place, left = place + n_sent, left - n_sent
