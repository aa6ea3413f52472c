"""The committee: the mean of several good models of a run, which often has a smaller error than the single winner.

Its members are selected by val_auc, so that a val_auc of the committee would be biased by that selection. Never compare
it with the val_auc of a single model; only the held-out rows show what the committee is worth.
"""

from __future__ import annotations

from collections.abc import Sequence

from ratchet.core.records import Experiment
from researcher.codegen import render, render_committee
from researcher.history import Knowledge, PastExperiment, learn

SIZE = 12
# The error (1 - AUC) of a member over the smallest one is at most this. Measured on eight tables at 5 to 15 CPU s:
# 1.1 to 1.15 were the best by .001 to .003; on the largest, where one family is far ahead, 2 cost .01, and 1.5 .003.
TOLERANCE = 1.15


def choose(history: Sequence[Experiment], *, size: int = SIZE, worktree: str | None = None) -> tuple[int, ...]:
    """Return the numbers of the experiments that make up the committee, best first.

    At most `size`, and one for each set of model families, since ten settings of one model make nearly the same errors.
    Experiments that were stopped early, that failed, or whose recipe is unknown are left out.
    """
    return tuple(trial.n for trial in _seated(learn(history, worktree=worktree), size))


def write(history: Sequence[Experiment], *, size: int = SIZE, worktree: str | None = None) -> str:
    """Return the train.py whose build_pipeline is the committee.

    It holds a single experiment if that is far ahead of all others. Raises ValueError if no experiment qualifies.
    """
    known = learn(history, worktree=worktree)
    trials = _seated(known, size)
    if not trials:
        lack = "committee: the run has no measured experiment of the built-in agent. Run `ratchet loop` first"
        raise ValueError(lack)
    if len(trials) == 1:
        alone = f"Experiment {trials[0].n} alone, because no other came close"
        return render(trials[0].recipe, alone, frame=known.frame, hand=known.hand)
    numbers = ", ".join(str(trial.n) for trial in trials)
    hypothesis = f"Averaging experiments {numbers} should help because they make different errors"
    return render_committee([trial.recipe for trial in trials], hypothesis, frame=known.frame, hand=known.hand)


def _seated(known: Knowledge, size: int) -> list[PastExperiment]:
    seats: dict[frozenset[str], PastExperiment] = {}
    measured = [(trial.score, trial) for trial in known.ranked if trial.score is not None]
    for score, trial in measured:
        if 1 - score <= TOLERANCE * (1 - measured[0][0]):
            seats.setdefault(trial.recipe.families, trial)
    return list(seats.values())[:size]
