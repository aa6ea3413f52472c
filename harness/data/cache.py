"""The binary cache of a large table under data/: written once, then mapped read-only instead of parsing text again.

    data/<name>-<stamp>.numbers.npy   float64 (columns, rows)   the number columns of X
    data/<name>-<stamp>.codes.npy     int32 (columns, rows)     the category columns of X, -1 for missing
    data/<name>-<stamp>.rows.npy      (rows,) of class, group, time
    data/<name>-<stamp>.head.npy      JSON, as bytes: names, categories, classes, digest; written last

The stamp names the card: a corrected card has another cache, and no cache is ever overwritten.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from harness.data.config import Card, TableError
from harness.data.table import Features, Rows, Table, make_table

PARTS = ("numbers", "codes", "rows", "head")
ROW = np.dtype([("y", "<i8"), ("group", "<i8"), ("time", "<f8")])


def paths(root: Path, card: Card) -> dict[str, Path]:
    """Return where each part of the card's cache lies, whether it is there or not."""
    stamp = hashlib.sha256(json.dumps(asdict(card), sort_keys=True).encode()).hexdigest()[:12]
    return {part: root / "data" / f"{card.name}-{stamp}.{part}.npy" for part in PARTS}


def load(root: Path, card: Card) -> Table | None:
    """Return the cached table, mapped read-only, or None where there is none; raises TableError if it was changed."""
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
        raise _damaged(files, " ".join(str(error).split())) from None


def save(root: Path, table: Table) -> None:
    """Write the cache of a table; the head comes last, so that half a cache is no cache."""
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
    for part in PARTS:
        _write(files[part], arrays[part])


def _write(path: Path, array: np.ndarray[Any, Any]) -> None:
    path.parent.mkdir(exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with part.open("wb") as file:
            np.save(file, array)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _damaged(files: dict[str, Path], reason: str) -> TableError:
    where = f"data/{files['head'].name}"
    return TableError(
        f"{where}: expected the cache as it was written, got {reason}. Delete it: it is made again from the source."
    )
