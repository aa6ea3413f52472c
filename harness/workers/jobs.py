"""Pass a task to its process: the job at once, the rows to score one block at a time.

The harness writes and the untrusted side reads; pickle is safe only in that direction. A frame, or a part of one, is
written column by column, so that the harness never holds a second copy of a large table. The process maps the file
privately, so that a train.py may change its rows in place without an effect on others.

Each block of rows to score follows after the scores of the block before it are fixed.

Covered: during the fit, the process holds no row to score; while it scores the validation rows, it holds no probe row.
The scores of a block stay fixed whatever the worker later writes over them or does to its files and sockets.
Not covered: new interpreters, on systems without a fork, get all blocks at once.
"""

from __future__ import annotations

import io
import mmap
import os
import pickle
import socket
import struct
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import IO, Any, TypeAlias

import numpy as np
import pandas as pd

from harness.data.table import look_up

HEAD = struct.Struct("<q")  # offset of the pickle, which follows the numbers
SMALL_BYTES = 1 << 20  # a smaller frame is pickled whole, which is faster than writing its columns
COPY_BYTES = 1 << 20
NUMERIC = "fiub"  # kinds of numpy types that are written as in memory
ASK, GO = b"?", b"!"  # a worker asks for the next block; the harness has written it
KIND = 1  # byte before the first block's scores: their kind, which is known after the fit
FAILURE = b"E"

Positions: TypeAlias = np.ndarray[Any, np.dtype[np.int64]]
Block: TypeAlias = tuple[str, int, list[int]]  # type, offset in the file, positions of its columns


@dataclass(frozen=True, slots=True)
class Part:
    """Rows of a table in the given order and with a new index; they are copied only when the job is written."""

    X: pd.DataFrame
    positions: Positions

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.positions)

    def take(self) -> pd.DataFrame:
        """Return the rows as a new frame."""
        return self.X.take(self.positions).reset_index(drop=True)


def write(job: Mapping[str, Any], file: IO[bytes]) -> None:
    """Write a job into an empty file, and seek to its beginning."""
    file.write(HEAD.pack(0))
    words = io.BytesIO()
    _Pickler(words, file).dump(dict(job))
    begin = file.tell()
    file.write(words.getbuffer())
    file.seek(0)
    file.write(HEAD.pack(begin))
    file.seek(0)  # also flushes the buffer


def read(descriptor: int) -> dict[str, Any]:
    """Return the job in an open file. Its numbers are the mapped file; the descriptor may be closed afterwards."""
    with os.fdopen(os.dup(descriptor), "rb") as file:
        file.seek(0)
        (begin,) = HEAD.unpack(file.read(HEAD.size))
        file.seek(begin)
        job: dict[str, Any] = _Unpickler(file, descriptor).load()
    return job


class _Pickler(pickle.Pickler):
    """Writes the numbers of frames to the file, and their offsets to the pickle."""

    def __init__(self, words: IO[bytes], file: IO[bytes]) -> None:
        super().__init__(words, protocol=5)
        self.file = file

    def persistent_id(self, value: Any) -> Any:
        if isinstance(value, Part):
            is_small = 8 * len(value) * value.X.shape[1] < SMALL_BYTES
            return (value.take(),) if is_small else self._take_apart(value.X, value.positions)
        if type(value) is pd.DataFrame and 8 * value.size >= SMALL_BYTES:
            return self._take_apart(value, None)
        return None

    def _take_apart(self, X: pd.DataFrame, positions: Positions | None) -> tuple[Any, ...]:
        """Return (names, number of rows, blocks of numbers, other columns by position)."""
        numeric: dict[str, list[int]] = {}
        for place, dtype in enumerate(X.dtypes):
            if isinstance(dtype, np.dtype) and dtype.kind in NUMERIC:
                numeric.setdefault(dtype.str, []).append(place)
        blocks = [self._write_block(X, dtype, places, positions) for dtype, places in numeric.items()]
        written = {place for places in numeric.values() for place in places}
        others = {
            place: _short(_take(X.iloc[:, place], positions)) for place in range(X.shape[1]) if place not in written
        }
        return X.columns, len(X) if positions is None else len(positions), blocks, others

    def _write_block(self, X: pd.DataFrame, dtype: str, places: list[int], positions: Positions | None) -> Block:
        self.file.write(b"\0" * (-self.file.tell() % mmap.ALLOCATIONGRANULARITY))
        begin = self.file.tell()
        for place in places:
            self.file.write(np.ascontiguousarray(_take(X.iloc[:, place], positions).to_numpy()).data)
        return dtype, begin, places


class _Unpickler(pickle.Unpickler):
    """Builds the frames from the numbers in the file, without a copy.

    Each block is mapped separately. numpy gives access to the whole memory under an array, and the training rows must
    not share it with the rows to score.
    """

    def __init__(self, words: IO[bytes], descriptor: int) -> None:
        super().__init__(words)
        self.descriptor = descriptor

    def persistent_load(self, saved: Any) -> pd.DataFrame:
        if len(saved) == 1:
            (whole,) = saved
            return pd.DataFrame(whole, copy=False)
        names, n_rows, blocks, others = saved
        arrays = [(places, self._block(dtype, begin, len(places), n_rows)) for dtype, begin, places in blocks]
        arrays.sort(key=lambda block: len(block[0]), reverse=True)
        places, largest = arrays[0] if arrays else ([], np.empty((0, n_rows)))
        columns: dict[int, Any] = {place: _long(column) for place, column in others.items()}
        for more, array in arrays[1:]:
            columns |= dict(zip(more, array, strict=True))
        X = pd.DataFrame(largest.T, columns=pd.Index(places), copy=False)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", pd.errors.PerformanceWarning)  # text columns are always separate blocks
            for place in sorted(columns):
                X.insert(place, place, columns[place])
        return X.set_axis(names, axis=1)

    def _block(self, dtype: str, begin: int, n_columns: int, n_rows: int) -> np.ndarray[Any, Any]:
        n_bytes = n_columns * n_rows * np.dtype(dtype).itemsize
        if not n_bytes:
            return np.empty((n_columns, n_rows), dtype)
        mapped = mmap.mmap(self.descriptor, n_bytes, access=mmap.ACCESS_COPY, offset=begin)
        return np.frombuffer(mapped, dtype=dtype).reshape(n_columns, n_rows)


def _short(column: pd.Series[Any]) -> Any:
    """Return text as (codes, distinct texts, type), since a pickle visits every cell of a text column."""
    if not isinstance(column.dtype, pd.StringDtype):
        return column.reset_index(drop=True)
    codes, texts = pd.factorize(column)
    return codes, list(texts), column.dtype


def _long(column: Any) -> pd.Series[Any]:
    if isinstance(column, pd.Series):
        return column
    codes, texts, dtype = column
    return look_up(texts, codes, dtype)


def _take(column: pd.Series[Any], positions: Positions | None) -> pd.Series[Any]:
    return column if positions is None else column.take(positions)


@dataclass(frozen=True, slots=True)
class BlockReader:
    """The worker's side: empty files, which the harness fills, and the socket for requests."""

    files: Sequence[int]
    line: int

    def blocks(self) -> Iterator[Any]:
        """Yield the blocks, each after the scores of the one before it are written."""
        for file in self.files:
            os.write(self.line, ASK)
            if os.read(self.line, 1) != GO:
                raise EOFError("the harness sent no more rows")
            yield read(file)["X"]
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
        due = KIND + sum(self.sizes[: self.n_given])
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
        n_sent = _copy_some(source, target, place, left)
        place, left = place + n_sent, left - n_sent


def _copy_some(source: int, target: int, place: int, left: int) -> int:
    try:
        return os.sendfile(target, source, place, left)
    except OSError:  # a container's filter may refuse the call, though it exists
        return os.write(target, os.pread(source, min(left, COPY_BYTES), place))
