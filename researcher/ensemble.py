"""The committee: a second answer of a run, beside its strict winner: several good models err less than one.

Its members are picked by their val_auc, so a val_auc of the committee would be picked twice over: never compare it with
a single model's. What it is worth, the held-out rows say.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ratchet.core.records import Experiment
from researcher.codegen import render, render_committee
from researcher.history import Knowledge, PastExperiment, learn

SIZE = 12
# A seat needs an error (1 - AUC) of at most this many times the best one's. Measured on eight tables at 5 to 15 CPU s:
# 1.1 to 1.15 were the best by .001 to .003; on the largest, where one family is far ahead, 2 cost .01, and 1.5 .003.
TOLERANCE = 1.15


def choose(history: Sequence[Experiment], *, size: int = SIZE, worktree: str | None = None) -> tuple[int, ...]:
    """Return the numbers of the experiments that make up the committee, best first.

    At most `size`, and one for each set of model families: ten turns of one model's knobs would be one voice. An
    experiment that was not measured to the end, that failed, or whose recipe is not known has no seat.
    """
    return tuple(trial.n for trial in _seated(learn(history, worktree=worktree), size))


def write(history: Sequence[Experiment], *, size: int = SIZE, worktree: str | None = None) -> str:
    """Return the train.py whose build_pipeline is the committee.

    Where one experiment is far ahead of all others, that is its own. Raises ValueError where there is nobody to seat.
    """
    known = learn(history, worktree=worktree)
    trials = _seated(known, size)
    if not trials:
        raise ValueError("committee: expected a measured experiment of the built-in agent, got none")
    if len(trials) == 1:
        alone = f"experiment {trials[0].n}: no other came close"
        return render(trials[0].recipe, alone, frame=known.frame, hand=known.hand)
    numbers = ", ".join(str(trial.n) for trial in trials)
    hypothesis = f"the mean of experiments {numbers}"
    return render_committee([trial.recipe for trial in trials], hypothesis, frame=known.frame, hand=known.hand)


def _seated(known: Knowledge, size: int) -> list[PastExperiment]:
    seats: dict[frozenset[str], PastExperiment] = {}
    for trial in _strong(known.ranked):
        seats.setdefault(trial.recipe.families, trial)
    return list(seats.values())[:size]


def _strong(ranked: Sequence[PastExperiment]) -> Iterator[PastExperiment]:
    measured = [(trial.score, trial) for trial in ranked if trial.score is not None]
    for score, trial in measured:
        if 1 - score <= TOLERANCE * (1 - measured[0][0]):
            yield trial
