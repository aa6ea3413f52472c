"""The learning problem of a run: rows, labels, split, folds and seed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from harness.stats import auc
from harness.workers.jobs import Part

Rows = np.ndarray[Any, np.dtype[np.int64]]
Scores = np.ndarray[Any, np.dtype[np.float64]]


@dataclass(frozen=True, slots=True)
class Problem:
    """A table with its split."""

    X: pd.DataFrame  # shape (n_rows, n_features): named columns, missing values left in
    y: Rows  # shape (n_rows,): class indices 0..K-1; of two classes, 1 is the positive one
    train: Rows  # positions of the training rows
    test: Rows  # positions of the held-out rows
    folds: Sequence[tuple[Rows, Rows]]  # (rows to fit on, validation rows): positions in the table, not in `train`
    seed: int

    @property
    def n_classes(self) -> int:
        """The number of classes."""
        return int(self.y.max()) + 1

    def rows(self, positions: Rows) -> pd.DataFrame:
        """Return these rows in this order, with a fresh index: the old one would reveal positions in the file."""
        return self.part(positions).take()

    def part(self, positions: Rows) -> Part:
        """Return these rows for a job, which copies them when it is written."""
        return Part(self.X, positions)

    def read(self, payload: bytes) -> Scores:
        """Return a worker's bytes as scores of shape (n_rows,), or (n_rows, K) beyond two classes."""
        values = np.frombuffer(payload, dtype="<f8")
        return values if self.n_classes == 2 else values.reshape(-1, self.n_classes)

    def out_of_fold(self, scores: Sequence[Scores | None]) -> tuple[Rows, Rows, Scores]:
        """Return (labels, fold numbers, scores) of the validation rows of all folds, one after another."""
        y = np.concatenate([self.y[val] for _, val in self.folds])
        fold = np.concatenate([np.full(len(val), i) for i, (_, val) in enumerate(self.folds)])
        return y, fold, np.concatenate([values for values in scores if values is not None])

    def fold_aucs(self, scores: Sequence[Scores]) -> list[float | None]:
        """Return the AUC of each fold's scores."""
        return [auc(self.y[val], values) for (_, val), values in zip(self.folds, scores, strict=True)]

    def hardest_first(self, scores: Sequence[Scores]) -> list[int]:
        """Return the folds in the order in which these scores do worst."""
        values = self.fold_aucs(scores)
        return sorted(range(len(values)), key=lambda fold: values[fold] or 0.0)

    def score_bytes(self, n_rows: int) -> int:
        """Return the size of the scores of `n_rows` rows."""
        return 8 * n_rows * (1 if self.n_classes == 2 else self.n_classes)


def score_job(
    source: str, problem: Problem, fit: Rows, y: Rows, blocks: Sequence[pd.DataFrame | Part]
) -> Mapping[str, Any]:
    """Return the job of a worker: fit on these rows and labels, then score these blocks. It holds no other label."""
    return {
        "task": "score",
        "source": source,
        "X": problem.part(fit),
        "y": y,
        "blocks": list(blocks),
        "sizes": [
            problem.score_bytes(len(block)) for block in blocks
        ],  # with sizes, a worker gets the blocks one by one
        "n_classes": problem.n_classes,
        "seed": problem.seed,
    }
