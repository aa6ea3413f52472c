"""Score new rows with an exported model: check the hashes of its files, and run its code in sandboxed workers.

Rows are read, scored and written in blocks, so memory use does not grow with the file. Each block has its own worker; a
train.py that keeps its contract scores a row independently of the other rows.
"""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from harness.analyses.base import Answer, Request, path_of
from harness.analyses.export import MODEL, RECEIPT, SOURCE, TABLE, digest, versions
from harness.analyses.refit import score_task
from harness.data.config import Card, parse_card
from harness.data.new_rows import Block, check_columns, read_rows
from harness.errors import UserError
from harness.evaluate import FoldWorkers, Status, TrainFile, read_file
from harness.harness import Harness
from harness.output import one_line, write_atomic
from harness.problem import Scores

NEEDED = (MODEL, SOURCE, TABLE)


@dataclass(frozen=True, slots=True)
class Kept:
    """An exported model: its bytes, its train.py, the config of its table, and its classes in order."""

    data: bytes
    source: TrainFile
    card: Card
    classes: tuple[str, ...]
    is_probability: bool
    receipt: Mapping[str, Any]

    @property
    def threshold(self) -> float:
        """The decision threshold for two classes."""
        return 0.5 if self.is_probability else 0.0


def predict(harness: Harness, request: Request) -> Answer:
    """Score the rows of `file` with the export in `model` and write them to `out`; `id` names a column to copy."""
    rows, out, id_column = path_of(request, "file"), path_of(request, "out"), str(request.get("id") or "")
    kept = open_export(path_of(request, "model"))
    if not rows.is_file():
        raise UserError(f"{rows}: no such file. Name a file of rows to score.")
    ignored = check_columns(rows, kept.card, id_column)
    unseen: Counter[str] = Counter()
    n_rows = 0
    try:
        with write_atomic(out) as part, part.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            names = ["score"] if len(kept.classes) == 2 else [f"score_{name}" for name in kept.classes]
            writer.writerow(["row", *([id_column] if id_column else []), *names, "predicted"])
            for block, scores in _scored(harness, kept, rows, id_column):
                writer.writerows(_cells(kept, block, scores))
                n_rows += len(block.X)
                unseen.update(block.unseen)
                harness.on_progress(f"{n_rows:,} rows")
    except OSError as error:
        raise UserError(f"{out}: the scores cannot be written ({error.strerror}). Choose another file.") from None
    return {
        **{"n_rows": n_rows, "out": str(out), "ignored": ignored, "unseen": {k: n for k, n in unseen.items() if n}},
        "notes": _notes(kept, harness),
        **{name: kept.receipt.get(name) for name in ("tag", "experiment")},
    }


def open_export(folder: Path) -> Kept:
    """Read an export and check every file against its hash. Raises UserError."""
    receipt = _read_receipt(folder)
    files: dict[str, bytes] = {}
    for name, expected in receipt["files"].items():
        if Path(name).name != name:
            raise UserError(f"{folder / RECEIPT}: {name!r:.60} is no file of this folder. Export again.")
        try:
            files[name] = (folder / name).read_bytes()
        except OSError as error:
            raise UserError(f"{folder / name}: the file cannot be read ({error.strerror}). Export again.") from None
        if digest(files[name]) != expected:
            raise UserError(f"{folder / name}: the content differs from the receipt. Export again.")
    source = read_file(folder / SOURCE)
    if source.status is not Status.OK:
        raise UserError(f"{folder / SOURCE}: the file breaks the contract ({source.reason}). Export again.")
    return Kept(
        data=files[MODEL],
        source=source,
        card=parse_card(files[TABLE].decode("utf-8", "replace")),
        classes=tuple(map(str, receipt["classes"])),
        is_probability=receipt["score"] == "probability",
        receipt=receipt,
    )


def _read_receipt(folder: Path) -> Mapping[str, Any]:
    path = folder / RECEIPT
    try:
        receipt = json.loads(path.read_bytes())
        is_whole = all(name in receipt["files"] for name in NEEDED) and len(receipt["classes"]) > 1 and receipt["score"]
    except OSError:
        raise UserError(f"{folder}: this is no export: {RECEIPT} is missing. Run `uv run ratchet export`.") from None
    except (ValueError, TypeError, KeyError, RecursionError):
        is_whole = False
    if not is_whole:
        raise UserError(f"{path}: this is no valid receipt of an export. Export again.")
    return dict(receipt)


def _scored(harness: Harness, kept: Kept, rows: Path, id_column: str) -> Iterator[tuple[Block, Scores]]:
    """Yield each block of rows with its scores; as many blocks as there are workers are scored at a time."""
    workers = harness.workers()
    blocks = read_rows(rows, kept.card, id_column=id_column, categories=kept.receipt.get("categories") or {})
    filled = (block for block in blocks if len(block.X))
    while group := list(islice(filled, workers.runner.n_slots)):
        yield from zip(group, _score(workers, kept, group), strict=True)


def _score(workers: FoldWorkers, kept: Kept, group: Sequence[Block]) -> Iterator[Scores]:
    n_classes = len(kept.classes)
    tasks = [score_task(workers, kept.source, kept.data, block.X, n_classes=n_classes) for block in group]
    for block, answer in zip(group, workers.runner.run(tasks, workers.budget), strict=True):
        if answer.payload is None:
            rows = f"rows {block.first} to {block.first + len(block.X) - 1}"
            raise UserError(f"{rows}: the model gave no scores ({one_line(answer.reason)}). Check these rows.")
        values = np.frombuffer(answer.payload, "<f8")
        yield values if n_classes == 2 else values.reshape(len(block.X), n_classes)


def _cells(kept: Kept, block: Block, scores: Scores) -> Iterator[list[object]]:
    """Yield the cells of each row: its number, its id, its scores, the predicted class."""
    guess = scores.argmax(axis=1) if scores.ndim == 2 else (scores > kept.threshold).astype(int)
    for i, place in enumerate(guess):
        values = scores[i] if scores.ndim == 2 else [scores[i]]
        own = [block.ids[i]] if block.ids else []
        yield [block.first + i, *own, *(f"{value:.9g}" for value in values), kept.classes[place]]


def _notes(kept: Kept, harness: Harness) -> list[str]:
    """Return the differences to the versions with which the model was made."""
    then, now = versions(kept.receipt.get("parts") or {}), versions(harness.parts)
    names = [name for name in {**then, **now} if then.get(name) != now.get(name)]
    changed = [f"{name} {then.get(name, 'none')} → {now.get(name, 'none')}" for name in names]
    return [f"made with other versions, scores may differ: {', '.join(changed)}"] if changed else []
