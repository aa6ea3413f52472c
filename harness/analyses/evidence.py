"""Collect the stored out-of-fold scores of every experiment of a run.

Covered: code that was measured several times counts once; baseline and winner are measured again if their scores are
missing. Not covered: experiments that a leak check or a constraint rejected, which could not be selected.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from harness import score_store
from harness.analyses.base import Request, path_of
from harness.errors import UserError
from harness.evaluate import Result, TrainFile, read_file
from harness.harness import Harness
from harness.problem import Problem, Scores
from harness.stats import auc, delong_interval

JUDGED = frozenset({"baseline", "keep", "discard"})  # verdicts of experiments that were compared with the best


@dataclass(frozen=True, slots=True)
class ScoredExperiment:
    """An experiment that was compared with the best: its file, and the folder of its scores."""

    n: int
    source: TrainFile
    store: Path
    verdict: str
    is_stopped_early: bool


@dataclass(slots=True)
class Evidence:
    """The scores of each candidate, the baseline first and each code once, and the candidates without scores.

    If it `is_sealed`, no score of a held-out row is stored.
    """

    baseline: ScoredExperiment
    winner: ScoredExperiment
    n_comparisons: int
    is_sealed: bool
    scores: dict[str, list[Scores]] = field(default_factory=dict)
    stopped: list[ScoredExperiment] = field(default_factory=list)
    n_missing: int = 0

    @property
    def has_gain(self) -> bool:
        """Whether an experiment was kept."""
        return self.winner.n != self.baseline.n

    def of(self, candidate: ScoredExperiment) -> list[Scores] | None:
        """Return the out-of-fold scores of a candidate, fold by fold."""
        return self.scores.get(score_store.key(candidate.source.text))


def gather(harness: Harness, request: Request) -> Evidence:
    """Return the evidence of the requested experiments. Raises UserError without a baseline."""
    candidates = _candidates(request)
    first = next((one for one in candidates if one.verdict == "baseline"), None)
    if first is None:
        raise UserError("conclude: the run has no measured baseline. Start a run with `uv run ratchet start TAG`.")
    winner = [one for one in candidates if one.verdict in {"baseline", "keep"}][-1]
    distinct: dict[str, ScoredExperiment] = {}
    for one in (first, *candidates):
        distinct.setdefault(score_store.key(one.source.text), one)
    found = Evidence(first, winner, n_comparisons=len(distinct) - 1, is_sealed=bool(request.get("sealed")))
    n_folds = len(harness.workers().problem.folds)
    for key, one in distinct.items():
        scores = score_store.load(one.store, one.source.text, n_folds)
        if scores is None and one.source.text in {first.source.text, winner.source.text}:
            scores = measure(harness, found, one)
        if scores is not None:
            found.scores[key] = scores
        elif one.is_stopped_early:
            found.stopped.append(one)
        else:
            found.n_missing += 1
    return found


def finish(harness: Harness, found: Evidence, *, cpu_s: float) -> None:
    """Finish early-stopped experiments, the oldest first, until the CPU seconds are used up."""
    used, left = 0.0, list(found.stopped)
    for number, one in enumerate(left, start=1):
        if used > cpu_s:
            return
        harness.on_progress(f"finish iter {one.n} ({number} of {len(left)})")
        measured = harness.evaluate(one.source, refits=False)
        used += measured.cpu_s + measured.checks_cpu_s
        found.stopped.remove(one)
        if measured.val_auc is not None:  # else a fold or a leak check failed: it could not have been selected
            found.scores[score_store.key(one.source.text)] = _keep(found, one, measured)


def measure(harness: Harness, found: Evidence, one: ScoredExperiment) -> list[Scores] | None:
    """Measure a candidate on partition 0 and store its scores; None if it has no val_auc."""
    harness.on_progress(f"iter {one.n} again: its scores are missing")
    measured = harness.evaluate(one.source, refits=False)
    return None if measured.val_auc is None else _keep(found, one, measured)


def held_out_fields(problem: Problem, scores: Scores | None) -> dict[str, float | None] | None:
    """Return the AUC of the scores of the held-out rows with its interval; None without scores of these rows."""
    y = problem.y[problem.test]
    if scores is None or len(scores) != len(y):
        return None
    reach = delong_interval(y, scores)
    return {"auc": auc(y, scores), "low": reach.low if reach else None, "high": reach.high if reach else None}


def stacked(scores: Iterable[Sequence[Scores]]) -> Scores:
    """Return out-of-fold scores as one array of shape (n_experiments, n_rows), or (n_experiments, n_rows, K)."""
    return np.stack([np.concatenate(list(folds)) for folds in scores])


def _candidates(request: Request) -> list[ScoredExperiment]:
    fields: Iterable[dict[str, Any]] = request["experiments"]
    return [
        ScoredExperiment(
            n=int(one["n"]),
            source=read_file(Path(one["file"])),
            store=Path(one.get("store") or path_of(request, "store")),
            verdict=str(one["verdict"]),
            is_stopped_early=bool(one.get("is_stopped_early")),
        )
        for one in fields
        if one["verdict"] in JUDGED
    ]


def _keep(found: Evidence, one: ScoredExperiment, measured: Result) -> list[Scores]:
    """Store the scores of a candidate, and return those of each fold."""
    test = None if found.is_sealed else measured.test_scores
    score_store.save(one.store, one.source.text, measured.scores, test)
    return [values for values in measured.scores if values is not None]
