"""Count the scores that jump when their row is moved by less than its unit, and the direction of the jumps.

An honest model gives a held-out row that is moved by half a unit about the same score. If it does not (at a tree's
threshold), the score jumps towards the label as often as away from it. A table of exact rows scores the row itself by
its label and the moved row by something else: the score jumps, and always away from the label.

*A few exact rows* are too few for the direction of their jumps to be conclusive. A row and its moved copies are
versions of one row. If an honest model gives one of them a score far from all others, it is the row itself as often as
any other version. For a table of exact rows it is always the row itself. So the few rows that jump are moved many more
times, in a separate fit. The chance that a row jumps from all of N_COPIES new copies after it jumped from the first few
is about one in 25, and that of three such rows one in 15,000.

Honest models that one-hot exact values are an exception: they have learned the value itself, and the moved value is
unknown. Their jumps reverse after a fit on inverted labels, as everything does that is learned in fit; a table's do
not.

Covered: five exact rows and more, and three if no other score in the file jumps as far.
Not covered: fewer rows; rows identified by codes, which are not moved; a file that recognises the inverted labels, as
long as its rows are worth less than WORTH.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from scipy.special import bdtrc

from harness.checks.base import Failure
from harness.checks.context import CheckContext, FoldScores, mean_of_folds
from harness.checks.perturb import NUDGES, Perturbation
from harness.problem import Rows, Scores
from harness.stats import auc
from harness.stats.auc import Mask

GAP = 0.02  # share of all scores between the row's and those of its moved copies; a smaller gap is no jump
HONEST_SHARE = 0.6  # largest share of an honest model's jumps that lead away from the label
MIN_SHARE = 0.8  # smallest share of a table's; honest models that one-hot exact values reach .71
MAX_CHANCE = 1e-4
LEVELS = (0.02, 0.05, 0.1, 0.2)  # least jump that counts, as a share of all scores; short jumps hide no long one
LEAST, HIDDEN = 3, 4  # three rows were found on heart but not on pima, where other rows jump as well; five on both
SUSPICIOUS = 0.05  # the rows are moved again below this chance; about one honest file in thirty
N_COPIES, MAX_ROWS = 96, 24
WORTH = 0.015  # val_auc; honest files that one-hot exact values gain at most .0116 by them


@dataclass(frozen=True, slots=True)
class Jumps:
    """Number of rows that score closer to their label than all their moved copies by a jump, and of those farther."""

    closer: int
    farther: int

    @property
    def n(self) -> int:
        """Number of all jumps."""
        return self.closer + self.farther

    @property
    def chance(self) -> float:
        """The probability of at least this many `closer` if each jump is one with probability HONEST_SHARE."""
        return float(bdtrc(self.closer - 1, self.n, HONEST_SHARE)) if self.closer else 1.0

    @property
    def is_a_table(self) -> bool:
        """Whether the rows were known."""
        return self.chance < MAX_CHANCE and self.closer >= MIN_SHARE * self.n

    def __str__(self) -> str:
        """State the counts, and what they would be for stored labels."""
        verb = "score jumps" if self.n == 1 else "scores jump"
        counts = f"{self.n} {verb} when rows are changed slightly, {self.closer} of them away from the label"
        return f"{counts} (stored labels: {100 * MIN_SHARE:.0f} % or more)"


def sizes(y: Rows, scores: Scores, moved: Scores) -> Scores:
    """Return how far each version of a row is from all its other versions, in the direction of the label.

    Shape (n_rows, 1 + n_copies), the row itself first. In shares of all scores; negative in the other direction, 0 if
    the version lies among the others. For an honest model the row itself is a version like the others.
    """
    found = np.zeros((len(y), 1 + moved.shape[1]))
    for rows, own, copies in _by_class(y, scores, moved):
        everything = np.sort(np.concatenate([own, copies.ravel()]))
        versions = _rank(everything, np.column_stack([own, copies])[rows]) / len(everything)
        for place in range(versions.shape[1]):
            one, others = versions[:, place], np.delete(versions, place, axis=1)
            found[rows, place] = np.maximum(one - others.max(axis=1), 0) - np.maximum(others.min(axis=1) - one, 0)
    return found


def chance_of_own(n_own: int, n_all: int, share: float) -> float:
    """Return the probability that at least `n_own` of `n_all` jumps are of the rows themselves, a `share` of all."""
    return float(bdtrc(n_own - 1, n_all, share)) if n_own else 1.0


def add(parts: Iterable[Jumps]) -> Jumps:
    """Return the jumps of all folds together."""
    found = list(parts)
    return Jumps(sum(part.closer for part in found), sum(part.farther for part in found))


def count(y: Rows, scores: Scores, moved: Scores) -> Jumps:
    """Count the jumps of one fold.

    Distances are in ranks, so that a monotone transform of the scores neither hides nor makes a jump.
    `scores`, shape (n_rows,) or (n_rows, K), are of the rows themselves, `moved`, shape (n_rows, n_copies, …), of their
    moved copies.
    """
    parts = []
    for rows, own, copies in _by_class(y, scores, moved):
        everything = np.sort(np.concatenate([own, copies.ravel()]))
        value, low, high = own[rows], copies[rows].min(axis=1), copies[rows].max(axis=1)
        enough = np.maximum(_share_between(everything, low, high), GAP)
        closer = _share_between(everything, high, value) > enough
        farther = _share_between(everything, value, low) > enough
        parts.append(Jumps(int(closer.sum()), int(farther.sum())))
    return add(parts)


def _by_class(y: Rows, scores: Scores, moved: Scores) -> Iterator[tuple[Mask, Scores, Scores]]:
    """Yield for each class its rows, and values of all rows and copies that increase with the evidence for it."""
    for label in np.unique(y):
        if scores.ndim == 1:
            yield y == label, *((values if label == 1 else -values) for values in (scores, moved))
        else:
            yield y == label, scores[..., label], moved[..., label]


def _share_between(ordered: Scores, low: Scores, high: Scores) -> Scores:
    """Return the share of the scores between two values; 0 if `low` is above `high`.

    Scores equal to either value count half, since a table may give two different scores and none between them.
    """
    return np.asarray(np.maximum(_rank(ordered, high) - _rank(ordered, low), 0) / len(ordered))


def _rank(ordered: Scores, values: Scores) -> Scores:
    return np.asarray((np.searchsorted(ordered, values, "left") + np.searchsorted(ordered, values, "right")) / 2)


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


def find_exact_rows(context: CheckContext) -> ExactRows | Failure | None:
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
    return np.unique(origin), sizes(*context.nudged(fold))


def _suspicious_level(found: Scores) -> float | None:
    """Return the least level at which the rows jump towards their labels more often than their copies; None if none."""
    for level in LEVELS:
        closer, farther = found >= level, found[:, 0] <= -level
        n_own, n_all = int(closer[:, 0].sum()), int(closer.sum())
        is_one_way = n_own >= MIN_SHARE * (n_own + farther.sum())
        if n_own >= LEAST and is_one_way and chance_of_own(n_own, n_all, 1 / (1 + NUDGES)) < SUSPICIOUS:
            return level
    return None


def _judge(context: CheckContext, wanted: list[Rows], copies: list[Scores]) -> ExactRows | Failure:
    jumping, n_tried, aucs = [], 0, []
    for fold, rows, moved in zip(context.folds, wanted, copies, strict=True):
        y, scores = context.problem.y[fold.val], fold.scores.copy()
        of_all = np.repeat(scores[:, None], moved.shape[1], axis=1)
        of_all[rows] = moved  # rows that were not moved are their own copies: they set the scale of the ranks
        jumps_far = sizes(y, scores, of_all)[rows, 0] >= GAP
        jumping.append(rows[jumps_far])
        n_tried += len(rows)
        scores[rows[jumps_far]] = np.median(moved[jumps_far], axis=1)
        aucs.append(auc(y, scores))
    n = sum(map(len, jumping))
    chance = chance_of_own(n, n_tried, (1 + NUDGES) / (1 + NUDGES + N_COPIES))
    worth = context.val_auc - mean_of_folds(aucs)
    if chance >= MAX_CHANCE:
        return ExactRows(n, n_tried, chance, worth, 0)
    taught = context.refit(context.folds, inverted=True)
    if isinstance(taught, Failure):
        return taught if worth < WORTH else ExactRows(n, n_tried, chance, worth, 0)
    n_inverted = 0
    for fold, rows in zip(taught, jumping, strict=True):
        places, found = _sizes(context, fold)
        n_inverted += int((found[np.isin(places, rows), 0] >= GAP).sum())
    return ExactRows(n, n_tried, chance, worth, n_inverted)
