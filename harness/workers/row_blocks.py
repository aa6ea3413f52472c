"""Send a worker the rows to score one block at a time, each after the scores of the block before it are fixed.

Two processes use this module: the harness, which is trusted and holds the rows, and the worker, which runs train.py.

Covered: during the fit, the process holds no row to score; while it scores the validation rows, it holds no probe row.
The scores of a block stay fixed whatever the worker later writes over them or does to its files and sockets.
Not covered: new interpreters, on systems without a fork, get all blocks at once.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import IO, Any

ASK, GO = b"?", b"!"
HEADER = 1  # byte before the first block's scores: their kind, which is known after the fit
FAILURE = b"E"


@dataclass(frozen=True, slots=True)
class BlockReader:
    """The worker's side: empty files, which the harness fills, and the socket for requests."""

    files: Sequence[int]
    line: int

    def blocks(self) -> Iterator[Any]:
        """Yield the blocks, each after the scores of the one before it are written."""
        from harness.workers import jobs

        for file in self.files:
            os.write(self.line, ASK)
            if os.read(self.line, 1) != GO:
                raise EOFError("the harness sent no more rows")
            yield jobs.read(file)["X"]
            os.close(file)


class BlockFeeder:
    """The harness's side.

    Parameters
    ----------
    blocks : files
        Written jobs, each with one block as its "X".
    copies : files
        As many empty files, which the worker has open, too.
    sizes : ints
        Bytes of the scores of each block.
    result : file
        Where the worker writes its scores.
    line : socket
        For the requests of the worker. Non-blocking: the worker may fill it, and the harness must not wait for it.
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
        """Fix the scores written so far and send the next block.

        Return False if scores are missing, if there is no request, or if the worker has broken its files or socket.
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
        if len(self.fixed) != due:  # the worker truncated the file in between
            return False
        _copy(self.blocks[self.n_given].fileno(), self.copies[self.n_given].fileno())
        self.n_given += 1
        self.line.send(GO)
        return True

    def settle(self) -> None:
        """Restore the fixed scores after the worker's end, unless the task reported a failure."""
        import fcntl  # not on Windows, which sends all blocks at once

        if self.fixed and os.pread(self.result, 1, 0) != FAILURE:
            fcntl.fcntl(self.result, fcntl.F_SETFL, 0)  # clears O_APPEND, which the worker may have set
            os.pwrite(self.result, self.fixed, 0)

    def close(self) -> None:
        """Close the socket and all files but the result."""
        self.line.close()
        for file in (*self.blocks, *self.copies):
            file.close()


def _copy(source: int, target: int) -> None:
    left, place = os.fstat(source).st_size, 0
    while left:
        n_sent = os.sendfile(target, source, place, left)
        place, left = place + n_sent, left - n_sent
