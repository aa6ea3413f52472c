"""Load the table described by data/dataset.toml: from its source once, then from a binary cache, memory-mapped.

    data/<name>-<stamp>.numbers.npy   float64 (columns, rows)   the number columns of X
    data/<name>-<stamp>.codes.npy     int32 (columns, rows)     the category columns of X, -1 for missing
    data/<name>-<stamp>.rows.npy      (rows,) of class, group, time
    data/<name>-<stamp>.head.npy      JSON, as bytes: categories, classes, digest; written last

The stamp is a hash of the config: an edited config has another cache, and no cache is overwritten.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from harness.data.config import COPY_BYTES, Card, TableError, copy_path
from harness.data.table import Features, Rows, Table, make_table
from harness.output import write_atomic

PARTS = ("numbers", "codes", "rows", "head")
ROW = np.dtype([("y", "<i8"), ("group", "<i8"), ("time", "<f8")])


def read_table(root: Path, card: Card) -> Table:
    """Return the table of `card`. It is read from its source if there is no cache, or if its copy has changed.

    Raises
    ------
    TableError
        The source is missing, has another sha256, or does not match the config; the cache is damaged.
    """
    cached = None if _is_changed(root, card) else load(root, card)
    if cached is not None:
        return cached
    from harness.data.build import build  # imported here because the next start reads the cache

    table = build(root, card)
    try:
        save(root, table)
    except OSError:  # a folder that cannot be written to
        return table
    del table  # before the mapped one is loaded: both would take twice the memory
    return read_table(root, card)


def paths(root: Path, card: Card) -> dict[str, Path]:
    """Return the path of each part of the cache, whether it exists or not."""
    stamp = hashlib.sha256(json.dumps(asdict(card), sort_keys=True).encode()).hexdigest()[:12]
    return {part: root / "data" / f"{card.name}-{stamp}.{part}.npy" for part in PARTS}


def load(root: Path, card: Card) -> Table | None:
    """Return the cached table, memory-mapped, or None without a cache; raises TableError if it is damaged."""
    files = paths(root, card)
    if not files["head"].exists():
        return None
    try:
        head = json.loads(np.load(files["head"]).tobytes())
        numbers, codes, rows = (np.load(files[part], mmap_mode="r") for part in ("numbers", "codes", "rows"))
        features = Features(card.features, np.asarray(numbers), np.asarray(codes), head["categories"])
        groups = np.ascontiguousarray(rows["group"]) if card.group else None
        times = np.ascontiguousarray(rows["time"]) if card.time else None
        labels = Rows(np.ascontiguousarray(rows["y"]), tuple(head["classes"]), groups, times)
        return make_table(card, features, labels, expected=head["digest"])
    except (OSError, EOFError, ValueError, KeyError, TypeError) as error:
        raise _damaged(files, error) from None


def save(root: Path, table: Table) -> None:
    """Write the cache of a table; the head comes last, so an interrupted write leaves no cache."""
    files = paths(root, table.card)
    rows = np.zeros(len(table.y), ROW)
    rows["y"] = table.y
    rows["group"] = 0 if table.groups is None else table.groups
    rows["time"] = 0 if table.times is None else table.times
    head = {"categories": table.features.categories, "classes": table.classes, "digest": table.digest}
    arrays: dict[str, np.ndarray[Any, Any]] = {
        "numbers": table.features.numbers,
        "codes": table.features.codes,
        "rows": rows,
        "head": np.frombuffer(json.dumps(head).encode(), np.uint8),
    }
    files["head"].parent.mkdir(exist_ok=True)
    for part in PARTS:
        with write_atomic(files[part]) as path, path.open("wb") as file:
            np.save(file, arrays[part])


def _is_changed(root: Path, card: Card) -> bool:
    """Whether the copy under data/ holds another text than the config says, or is missing and the source itself.

    A large one is not read for this.
    """
    copy = root / copy_path(card.name)
    if not copy.exists():
        return card.source == copy_path(card.name).as_posix()
    if copy.stat().st_size > COPY_BYTES:
        return False
    return hashlib.sha256(copy.read_bytes()).hexdigest() != card.sha256


def _damaged(files: dict[str, Path], reason: Exception) -> TableError:
    where = f"data/{files['head'].name}"
    return TableError(f"{where}: the cache is damaged ({reason}). Delete it; it is rebuilt from the source.")
