"""Refit a train.py on all rows, write the model, and verify that it can be loaded; each step in a sandboxed worker.

This side is trusted: it handles a model as bytes and never loads it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from harness.errors import UserError
from harness.evaluate import FoldWorkers, TrainFile
from harness.output import one_line
from harness.problem import Scores
from harness.workers.pool import MB, Answer, Task

HEADER_BYTES = 8  # the size of the scores before the model: harness.workers.modelfile.HEADER
N_AGAIN = 500  # rows that must score the same after the model is loaded
TYPES_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class Model:
    """A fitted model in the format of skops, whether its scores are probabilities, and the types in it."""

    data: bytes
    is_probability: bool
    types: Sequence[str]
    n_rows: int
    cpu_s: float


def refit(workers: FoldWorkers, source: TrainFile) -> Model:
    """Fit on all rows, held-out ones included. Raises UserError if the model cannot be fitted, written or loaded."""
    problem = workers.problem
    blocks = [problem.rows(np.arange(min(N_AGAIN, len(problem.y))))]
    job = {"task": "keep_model", "X": problem.X, "y": problem.y, "blocks": blocks}
    workers.on_progress("refit on all rows")
    fitted = _run(workers, source, job, workers.budget.disk_mb * MB)
    payload = fitted.payload or b""
    n_bytes = int.from_bytes(payload[:HEADER_BYTES], "little")
    if n_bytes != problem.score_bytes(len(blocks[0])) or len(payload) < HEADER_BYTES + n_bytes:
        raise UserError("train.py: the refitted model did not return a score for each row. Check its predict_proba.")
    data = payload[HEADER_BYTES + n_bytes :]
    workers.on_progress("load the model")
    again = score(workers, source, data, blocks[0])
    _compare(np.frombuffer(payload[HEADER_BYTES : HEADER_BYTES + n_bytes], "<f8"), again.ravel())
    types = _types(workers, source, data)
    return Model(data, not fitted.is_decision, types, len(problem.y), fitted.cpu_s)


def score_task(workers: FoldWorkers, source: TrainFile, data: bytes, X: pd.DataFrame, *, n_classes: int) -> Task:
    """Return the task that scores these rows with a written model."""
    job = {"task": "use_model", "model": data, "blocks": [X], "n_classes": n_classes}
    return _task(workers, source, job, 8 * len(X) * (1 if n_classes == 2 else n_classes), is_exact=True)


def score(workers: FoldWorkers, source: TrainFile, data: bytes, X: pd.DataFrame) -> Scores:
    """Load a model and return its scores. Raises UserError."""
    task = score_task(workers, source, data, X, n_classes=workers.problem.n_classes)
    answer = workers.runner.run([task], workers.budget)[0]
    if answer.payload is None:
        raise UserError(
            f"train.py: the model cannot be loaded from its file ({one_line(answer.reason)}). "
            "Define every function in it with a name at the top level (no lambda)."
        )
    return workers.problem.read(answer.payload)


def _types(workers: FoldWorkers, source: TrainFile, data: bytes) -> list[str]:
    job = {"task": "list_types", "model": data}
    answer = workers.runner.run([_task(workers, source, job, TYPES_BYTES, is_exact=False)], workers.budget)[0]
    if answer.payload is None:
        raise UserError(f"model.skops: its types cannot be listed ({one_line(answer.reason)}). Export again.")
    return [one_line(str(name)) for name in json.loads(answer.payload)]


def _run(workers: FoldWorkers, source: TrainFile, job: Mapping[str, Any], n_bytes: int) -> Answer:
    answer = workers.runner.run([_task(workers, source, job, n_bytes, is_exact=False)], workers.budget)[0]
    if answer.payload is None:
        raise UserError(
            f"train.py: the model cannot be fitted on all rows and written by skops ({one_line(answer.reason)}). "
            "Nothing was written. Use estimators of the packages only; a pickle is no alternative, since loading one "
            "runs its code."
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
            "train.py: the loaded model scores differently, so its file lacks a part of it. Nothing was written. "
            "Use estimators of the packages only."
        )
