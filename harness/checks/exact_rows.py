"""Test whether a few rows are known exactly, too few for the direction of their jumps to be conclusive.

A row and its moved copies are versions of one row. If an honest model gives one of them a score far from all others, it
is the row itself as often as any other version. For a table of exact rows it is always the row itself. So the few rows
that jump are moved many more times, in a separate fit. The chance that a row jumps from all of N_COPIES new copies
after it jumped from the first few is about one in 25, and that of three such rows one in 15,000.

Honest models that one-hot exact values are an exception: they have learned the value itself, and the moved value is
unknown. Their jumps reverse after a fit on inverted labels, as everything does that is learned in fit; a table's do
not.

Covered: five exact rows and more, and three if no other score in the file jumps as far.
Not covered: fewer rows; rows identified by codes, which are not moved; a file that recognises the inverted labels, as
long as its rows are worth less than WORTH.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from harness.checks import jumps
from harness.checks.base import Failure
from harness.checks.context import CheckContext, FoldScores, mean_of_folds
from harness.checks.perturb import NUDGES, Perturbation
from harness.problem import Rows, Scores
from harness.stats import auc

LEVELS = (0.02, 0.05, 0.1, 0.2)  # least jump that counts, as a share of all scores; short jumps hide no long one
LEAST, HIDDEN = 3, 4  # three rows were found on heart but not on pima, where other rows jump as well; five on both
SUSPICIOUS = 0.05  # the rows are moved again below this chance; about one honest file in thirty
N_COPIES, MAX_ROWS = 96, 24
MAX_CHANCE = 1e-4
WORTH = 0.015  # val_auc; honest files that one-hot exact values gain at most .0116 by them


@dataclass(frozen=True, slots=True)
class ExactRows:
    """Number of rows that jump from all their copies, of `n_tried`, and their worth in val_auc."""

    n: int
    n_tried: int
    chance: float
    worth: float
    n_inverted: int  # those that jump towards their label even after a fit on inverted labels

    @property
    def is_known(self) -> bool:
        """Whether the rows were known."""
        return self.chance < MAX_CHANCE and (self.worth >= WORTH or 2 * self.n_inverted > self.n)

    def __str__(self) -> str:
        """State the counts and the worth."""
        return (
            f"{self.n} of {self.n_tried} rows jump from all of {N_COPIES} more copies, {self.n_inverted} of them also "
            f"with inverted labels; they are worth {self.worth:.4f} val_auc (chance {self.chance:.1g})"
        )


def find(context: CheckContext) -> ExactRows | Failure | None:
    """Look for rows that are known exactly; None if the first copies give no reason to."""
    parts = [_sizes(context, fold) for fold in context.unprimed()]
    level = _suspicious_level(np.concatenate([part for _, part in parts]))
    if level is None:
        return None
    longest = np.sort(np.concatenate([np.abs(part[:, 0]) for _, part in parts]))[-MAX_ROWS:]
    limit = max(level, float(longest[0]))
    wanted = [rows[np.abs(part[:, 0]) >= limit] for rows, part in parts]
    copies = context.copies(wanted, n_copies=N_COPIES)
    if isinstance(copies, Failure):
        return copies
    return _judge(context, wanted, copies)


def _sizes(context: CheckContext, fold: FoldScores) -> tuple[Rows, Scores]:
    """Return the rows that were moved, and how far each of their versions jumps."""
    origin, _ = fold.batch.select(Perturbation.NUDGE, fold.probe_scores)
    return np.unique(origin), jumps.sizes(*context.nudged(fold))


def _suspicious_level(found: Scores) -> float | None:
    """Return the least level at which the rows jump towards their labels more often than their copies; None if none."""
    for level in LEVELS:
        closer, farther = found >= level, found[:, 0] <= -level
        n_own, n_all = int(closer[:, 0].sum()), int(closer.sum())
        is_one_way = n_own >= jumps.MIN_SHARE * (n_own + farther.sum())
        if n_own >= LEAST and is_one_way and jumps.chance_of_own(n_own, n_all, 1 / (1 + NUDGES)) < SUSPICIOUS:
            return level
    return None


def _judge(context: CheckContext, wanted: list[Rows], copies: list[Scores]) -> ExactRows | Failure:
    jumping, n_tried, aucs = [], 0, []
    for fold, rows, moved in zip(context.folds, wanted, copies, strict=True):
        y, scores = context.problem.y[fold.val], fold.scores.copy()
        of_all = np.repeat(scores[:, None], moved.shape[1], axis=1)
        of_all[rows] = moved  # rows that were not moved are their own copies: they set the scale of the ranks
        jumps_far = jumps.sizes(y, scores, of_all)[rows, 0] >= jumps.GAP
        jumping.append(rows[jumps_far])
        n_tried += len(rows)
        scores[rows[jumps_far]] = np.median(moved[jumps_far], axis=1)
        aucs.append(auc(y, scores))
    n = sum(map(len, jumping))
    chance = jumps.chance_of_own(n, n_tried, (1 + NUDGES) / (1 + NUDGES + N_COPIES))
    worth = context.val_auc - mean_of_folds(aucs)
    if chance >= MAX_CHANCE:
        return ExactRows(n, n_tried, chance, worth, 0)
    taught = context.refit(context.folds, inverted=True)
    if isinstance(taught, Failure):
        return taught if worth < WORTH else ExactRows(n, n_tried, chance, worth, 0)
    n_inverted = 0
    for fold, rows in zip(taught, jumping, strict=True):
        places, found = _sizes(context, fold)
        n_inverted += int((found[np.isin(places, rows), 0] >= jumps.GAP).sum())
    return ExactRows(n, n_tried, chance, worth, n_inverted)
