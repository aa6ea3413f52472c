"""What a leak check works with: the file, the problem, the scores, and methods that run the file again.

The CPU time of the checks is counted in `cpu_s` and does not count against the experiment's budget.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from harness.checks.base import Failure
from harness.checks.perturb import Batch, Perturbation, measured_in, moved_copies
from harness.problem import Problem, Rows, Scores, score_job
from harness.stats import auc
from harness.workers.jobs import Part
from harness.workers.launcher import MACHINE
from harness.workers.pool import Answer, Runner, Task, TaskBudget
from harness.workers.worker import FEATURES_HEADER

MAX_FEATURE_BYTES = 64 << 20
MAX_TRIES = 3  # for a plain model that was ended by a limit or a signal


@dataclass(frozen=True, slots=True)
class FoldScores:
    """One measured fold: the scores of its validation rows, and those of its probe rows."""

    fit: Rows
    val: Rows
    scores: Scores
    batch: Batch
    probe_scores: Scores


@dataclass(frozen=True, slots=True)
class Lead:
    """The lead of a file over the best plain model: in val_auc with its standard error, and on recombined rows.

    `lost` is how much smaller the lead is on recombined rows, for the plain model against which the loss is smallest,
    with its standard error.
    """

    over: str
    ahead: float
    noise: float
    ahead_recombined: float
    lost: float
    lost_noise: float
    is_clear: bool

    @property
    def kept(self) -> float:
        """The share of the lead that is kept on recombined rows."""
        return self.ahead_recombined / self.ahead

    def __str__(self) -> str:
        """State the lead with its evidence."""
        return (
            f"val_auc is {self.ahead:.4f} ± {self.noise:.4f} above {self.over}, the best plain model, and "
            f"{self.ahead_recombined:.4f} above it on recombined rows (lost {self.lost:.4f} ± {self.lost_noise:.4f})"
        )


@dataclass(slots=True)
class CheckContext:
    """The measured file and its scores, and the methods by which a check runs it again."""

    source: str
    problem: Problem
    folds: Sequence[FoldScores]
    runner: Runner
    budget: TaskBudget
    val_auc: float
    plain_budget: TaskBudget
    plain: dict[str, list[FoldScores] | Failure]  # our own files by their source: scores on the same folds
    is_guarded: bool = True
    cpu_s: float = 0.0
    lead: Lead | None = None  # over plain models; set by label-flip
    _again: list[FoldScores] | Failure | None = None

    def auc_of(self, folds: Sequence[FoldScores]) -> float:
        """Return the mean over the folds of the AUC on the validation rows."""
        return mean_of_folds([auc(self.problem.y[fold.val], fold.scores) for fold in folds])

    def out_of_fold(self, folds: Sequence[FoldScores]) -> tuple[Rows, Rows, Scores]:
        """Return (labels, fold numbers, scores) of the validation rows of all folds, one after another."""
        return self.problem.out_of_fold([fold.scores for fold in folds])

    def probe_auc_of(self, kind: Perturbation, folds: Sequence[FoldScores]) -> float:
        """Return the mean over the folds of the AUC on one kind of probe rows, with the labels of their origins."""
        probes = [(fold.val, *fold.batch.select(kind, fold.probe_scores)) for fold in folds]
        return mean_of_folds([auc(self.problem.y[val][origin], scores) for val, origin, scores in probes])

    def nudged(self, fold: FoldScores) -> tuple[Rows, Scores, Scores]:
        """Return labels, scores and the copies' scores (n_rows, n_copies, …) of the rows that were moved."""
        origin, scores = fold.batch.select(Perturbation.NUDGE, fold.probe_scores)
        rows = np.unique(origin)
        copies = scores.reshape(len(rows), -1, *scores.shape[1:])
        return self.problem.y[fold.val][rows], fold.scores[rows], copies

    def refit(
        self,
        folds: Sequence[FoldScores],
        *,
        inverted: bool = False,
        source: str | None = None,
        budget: TaskBudget | None = None,
    ) -> list[FoldScores] | Failure:
        """Fit and score these folds again in new processes. Return a Failure if one of them fails.

        With `inverted`, fit on the next class of each row instead of its own; of two classes, the other one. `source`
        runs instead of the measured file, and `budget` is used instead of that of a check.
        """
        labels = (self.problem.y + inverted) % self.problem.n_classes
        tasks = [
            self._score_task(source or self.source, fold, labels, [self.problem.part(fold.val), fold.batch.X])
            for fold in folds
        ]
        scored = self._scores(tasks, budget)
        if isinstance(scored, Failure):
            return scored
        cut = [np.split(scores, [len(fold.val)]) for fold, scores in zip(folds, scored, strict=True)]
        return [
            replace(fold, scores=scores, probe_scores=probed) for fold, (scores, probed) in zip(folds, cut, strict=True)
        ]

    def again(self) -> list[FoldScores] | Failure:
        """Fit every fold again and score its rows in another order, once for all checks. Return a Failure if it fails.

        Changed rows come first, then half of the companions, then the validation rows. A file that remembers the rows
        it has scored has then seen neither the origin of a changed row nor the batch of a companion.
        """
        if self._again is None:
            self._again = self._reordered()
        return self._again

    def unprimed(self) -> Sequence[FoldScores]:
        """Return the second measurement, or the first if the second failed, which `repeatable` reports."""
        again = self.again()
        return self.folds if isinstance(again, Failure) else again

    def copies(self, wanted: Sequence[Rows], *, n_copies: int) -> list[Scores] | Failure:
        """Return each fold's scores of new moved copies of some validation rows, shape (n_rows, n_copies, …).

        `wanted` holds for each fold positions among its validation rows. A fold with wanted rows is fitted again and
        scores the copies first, in random order, then the validation rows. A file that remembers the rows it has scored
        has then not seen their origins. Return a Failure if a fit fails.
        """
        rng, units = np.random.default_rng([self.problem.seed, 6]), measured_in(self.problem.X)
        tasks, places = [], []
        for fold, rows in zip(self.folds, wanted, strict=True):
            if not len(rows):
                continue
            moved = moved_copies(self.problem.rows(fold.val[np.repeat(rows, n_copies)]), units, rng)
            order = rng.permutation(len(moved))
            blocks = [Part(moved, order), self.problem.part(fold.val)]
            tasks.append(self._score_task(self.source, fold, self.problem.y, blocks))
            places.append(np.argsort(order))
        scored = self._scores(tasks)
        if isinstance(scored, Failure):
            return scored
        found = iter([scores[: len(place)][place] for scores, place in zip(scored, places, strict=True)])
        width = self.folds[0].scores.shape[1:]
        return [
            next(found).reshape(len(rows), n_copies, *width) if len(rows) else np.empty((0, n_copies, *width))
            for rows in wanted
        ]

    def _reordered(self) -> list[FoldScores] | Failure:
        tasks, batches = [], []
        for fold in self.folds:
            changed, few = fold.batch.apart()
            blocks = [Part(fold.batch.X, changed), Part(fold.batch.X, few), self.problem.part(fold.val)]
            tasks.append(self._score_task(self.source, fold, self.problem.y, blocks))
            batches.append(fold.batch.take(np.concatenate([changed, few])))
        scored = self._scores(tasks)
        if isinstance(scored, Failure):
            return scored
        return [
            replace(fold, batch=batch, scores=scores[len(batch.X) :], probe_scores=scores[: len(batch.X)])
            for fold, batch, scores in zip(self.folds, batches, scored, strict=True)
        ]

    def plainly(self, source: str, *, max_rows: int | None = None) -> list[FoldScores] | Failure:
        """Fit and score a file of our own on the folds, once for all experiments. Return a Failure if it fails.

        A file that was ended by a limit or a signal is tried again with the next experiment, since the machine may have
        been busy. After MAX_TRIES it is not, since every experiment would pay for a model too slow for this table.

        `max_rows` limits the training rows of a fold.
        """
        known = self.plain.get(source)
        if known is None or (isinstance(known, Failure) and known.is_transient and known.n_tries < MAX_TRIES):
            folds = list(self.folds)
            for place, fold in enumerate(folds):
                if max_rows is not None and len(fold.fit) > max_rows:
                    rng = np.random.default_rng(self.problem.seed)
                    folds[place] = replace(fold, fit=np.sort(rng.choice(fold.fit, max_rows, replace=False)))
            scored = self.refit(folds, source=source, budget=self.plain_budget)
            if isinstance(scored, Failure) and isinstance(known, Failure):
                scored = replace(scored, n_tries=known.n_tries + 1)
            self.plain[source] = scored
        return self.plain[source]

    def plainly_together(self, text: str, sources: Sequence[str]) -> None:
        """Fit and score several files of our own by one, `text`, that gives their scores side by side.

        Their scores are kept as if each had been fitted alone. After a failure none is.
        """
        n_columns = len(sources) * (1 if self.problem.n_classes == 2 else self.problem.n_classes)
        tasks = []
        for fold in self.folds:
            blocks: list[pd.DataFrame | Part] = [self.problem.part(fold.val), fold.batch.X]
            job = score_job(text, self.problem, fold.fit, self.problem.y[fold.fit], blocks)
            sizes = [8 * n_columns * len(block) for block in blocks]
            tasks.append(self._task({**job, "sizes": sizes, "n_classes": n_columns}, sum(sizes)))
        answers = self._run(tasks, self.plain_budget)
        if any(answer.payload is None for answer in answers):
            return
        tables = [np.frombuffer(answer.payload or b"", "<f8").reshape(-1, n_columns) for answer in answers]
        for place, source in enumerate(sources):
            found = []
            for fold, table in zip(self.folds, tables, strict=True):
                columns = np.ascontiguousarray(np.split(table, len(sources), axis=1)[place])
                scores = columns[:, 0] if self.problem.n_classes == 2 else columns
                own, probed = np.split(scores, [len(fold.val)])
                found.append(replace(fold, scores=own, probe_scores=probed))
            self.plain[source] = found

    def features(self, blocks: Sequence[pd.DataFrame]) -> list[np.ndarray[Any, Any]] | Failure:
        """Return the features of each block, each from its own process. Return a Failure if one of them fails."""
        job = {"task": "featurize", "source": self.source, "seed": self.problem.seed}
        answers = self._run([self._task({**job, "X": block}, MAX_FEATURE_BYTES, is_exact=False) for block in blocks])
        tables = []
        for answer, block in zip(answers, blocks, strict=True):
            table = None if answer.payload is None else _read_features(answer.payload, len(block))
            if table is None:
                return _failure(answer) if answer.reason else Failure("the features are not a table with the same rows")
            tables.append(table)
        return tables

    def _score_task(self, source: str, fold: FoldScores, labels: Rows, blocks: Sequence[pd.DataFrame | Part]) -> Task:
        job = score_job(source, self.problem, fold.fit, labels[fold.fit], blocks)
        return self._task(job, self.problem.score_bytes(sum(len(block) for block in blocks)))

    def _scores(self, tasks: Sequence[Task], budget: TaskBudget | None = None) -> list[Scores] | Failure:
        """Return the scores of each task, or a Failure if one of them fails."""
        answers = self._run(tasks, budget)
        failed = [answer for answer in answers if answer.payload is None and answer.reason != "not run"]
        if failed:
            return _failure(next((answer for answer in failed if answer.is_timeout), failed[0]))
        return [self.problem.read(answer.payload or b"") for answer in answers]

    def _task(self, job: Any, n_bytes: int, *, is_exact: bool = True) -> Task:
        return Task({**job, "guarded": self.is_guarded}, n_bytes, is_exact=is_exact)

    def _run(self, tasks: Sequence[Task], budget: TaskBudget | None = None) -> list[Answer]:
        answers = self.runner.run(tasks, budget or self.budget)
        self.cpu_s += sum(answer.cpu_s for answer in answers)
        return answers


def mean_of_folds(values: Sequence[float | None]) -> float:
    """Return the mean, rounded as val_auc is: an equal number is no lead. NaN if one of them was not measured."""
    return round(float(np.mean([np.nan if value is None else value for value in values])), 6)


def _failure(answer: Answer) -> Failure:
    """Return why a task has no answer. An exception of the file, except MemoryError, would be raised again."""
    is_lasting = answer.is_raised and not answer.reason.startswith("MemoryError")
    return Failure(
        answer.reason,
        is_timeout=answer.is_timeout,
        is_transient=not is_lasting,
        is_machine=answer.reason.startswith(MACHINE),
    )


def _read_features(payload: bytes, n_rows: int) -> np.ndarray[Any, Any] | None:
    if len(payload) < FEATURES_HEADER.size:
        return None
    rows, columns = FEATURES_HEADER.unpack_from(payload)
    body = payload[FEATURES_HEADER.size :]
    if rows != n_rows or not 0 <= columns <= 1_000_000 or len(body) != 8 * rows * columns:
        return None
    return np.frombuffer(body, dtype="<f8").reshape(rows, columns)
