"""Count the scores that jump when their row is moved by less than its unit, and the direction of the jumps.

An honest model gives a held-out row that is moved by half a unit about the same score. If it does not (at a tree's
threshold), the score jumps towards the label as often as away from it. A table of exact rows scores the row itself by
its label and the moved row by something else: the score jumps, and always away from the label.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from scipy.special import bdtrc

from harness.checks.row_wise import Mask
from harness.problem import Rows, Scores

GAP = 0.02  # share of all scores between the row's and those of its moved copies; a smaller gap is no jump
HONEST_SHARE = 0.6  # largest share of an honest model's jumps that lead away from the label
MIN_SHARE = 0.8  # smallest share of a table's; honest models that one-hot exact values reach .71
MAX_CHANCE = 1e-4


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

    Parameters
    ----------
    y : int array of shape (n_rows,)
    scores : array of shape (n_rows,) or (n_rows, K)
        Scores of the rows themselves.
    moved : array of shape (n_rows, n_copies) or (n_rows, n_copies, K)
        Scores of their moved copies.
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
