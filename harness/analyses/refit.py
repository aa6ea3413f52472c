"""Refit a train.py on every row, write the model, and see that it reads back: each step in a locked-down process.

This side is trusted: a model is bytes to it, never an object.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from harness.errors import UserError
from harness.evaluate import FoldWorkers
from harness.problem import Scores
from harness.trainfile import TrainFile
from harness.workers.pool import MB, Answer, Task, one_line

HEADER_BYTES = 8  # how many bytes of scores come before the model: harness.workers.modelfile.HEADER
N_AGAIN = 500  # rows that must score the same when the model has been read back
TYPES_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class Model:
    """A fitted model as bytes of skops' format, whether its scores are probabilities, and the types it is made of."""

    data: bytes
    is_probability: bool
    types: Sequence[str]
    n_rows: int
    cpu_s: float


def refit(workers: FoldWorkers, source: TrainFile) -> Model:
    """Fit on all rows, held-out ones too. Raises UserError where the model cannot be made, written or read back."""
    problem = workers.problem
    blocks = [problem.rows(np.arange(min(N_AGAIN, len(problem.y))))]
    job = {"task": "keep_model", "X": problem.X, "y": problem.y, "blocks": blocks}
    workers.on_progress("refit on all rows")
    fitted = _run(workers, source, job, workers.budget.disk_mb * MB)
    payload = fitted.payload or b""
    n_bytes = int.from_bytes(payload[:HEADER_BYTES], "little")
    if n_bytes != problem.score_bytes(len(blocks[0])) or len(payload) < HEADER_BYTES + n_bytes:
        raise UserError("train.py: expected a score for each row from the refitted model, got something else.")
    data = payload[HEADER_BYTES + n_bytes :]
    workers.on_progress("read the model back")
    again = score(workers, source, data, blocks[0])
    _compare(np.frombuffer(payload[HEADER_BYTES : HEADER_BYTES + n_bytes], "<f8"), again.ravel())
    types = _types(workers, source, data)
    return Model(data, not fitted.is_decision, types, len(problem.y), fitted.cpu_s)


def score_task(workers: FoldWorkers, source: TrainFile, data: bytes, X: pd.DataFrame, *, n_classes: int) -> Task:
    """Return the task of scoring these rows by a model that was written."""
    job = {"task": "use_model", "model": data, "blocks": [X], "n_classes": n_classes}
    return _task(workers, source, job, 8 * len(X) * (1 if n_classes == 2 else n_classes), is_exact=True)


def score(workers: FoldWorkers, source: TrainFile, data: bytes, X: pd.DataFrame) -> Scores:
    """Read a model back and return its scores. Raises UserError."""
    task = score_task(workers, source, data, X, n_classes=workers.problem.n_classes)
    answer = workers.runner.run([task], workers.budget)[0]
    if answer.payload is None:
        raise UserError(
            f"train.py: expected a model that can be read back from its file, got {one_line(answer.reason)}. "
            "Give every function in it a name of its own at the top level (no lambda), and try again."
        )
    return workers.problem.read(answer.payload)


def _types(workers: FoldWorkers, source: TrainFile, data: bytes) -> list[str]:
    job = {"task": "list_types", "model": data}
    answer = workers.runner.run([_task(workers, source, job, TYPES_BYTES, is_exact=False)], workers.budget)[0]
    if answer.payload is None:
        raise UserError(f"model.skops: expected to list its types, got {one_line(answer.reason)}.")
    return [one_line(str(name)) for name in json.loads(answer.payload)]


def _run(workers: FoldWorkers, source: TrainFile, job: Mapping[str, Any], n_bytes: int) -> Answer:
    answer = workers.runner.run([_task(workers, source, job, n_bytes, is_exact=False)], workers.budget)[0]
    if answer.payload is None:
        raise UserError(
            f"train.py: expected a model that can be fitted on all rows and written by skops, got "
            f"{one_line(answer.reason)}. Nothing was written: no pickle takes its place, since reading one runs "
            "what it says. Build the pipeline of plain models of the packages (a search writes its winner)."
        )
    return answer


def _task(workers: FoldWorkers, source: TrainFile, job: Mapping[str, Any], n_bytes: int, *, is_exact: bool) -> Task:
    extra = {
        "source": source.text,
        "n_classes": workers.problem.n_classes,
        "seed": workers.problem.seed,
        "guarded": workers.is_guarded,
    }
    return Task({**extra, **job}, n_bytes, is_exact=is_exact)


def _compare(before: Scores, after: Scores) -> None:
    if before.shape != after.shape or not np.allclose(before, after, rtol=1e-9, atol=1e-12):
        raise UserError(
            "train.py: expected the same scores from the model after reading it back, got others. Nothing was written: "
            "the model holds something that its file does not."
        )
