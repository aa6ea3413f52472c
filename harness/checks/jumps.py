"""Count the scores that leap as soon as their row is moved by less than its unit, and which way they leap.

For an honest model a held-out row is a row like any other: the same row moved by half a unit scores about the same, and
where it does not (a tree's threshold), the leap is towards the label as often as away from it. A table of exact rows
scores the very row by its label, and the moved one by something else: it leaps, and always away from the label.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from scipy.special import bdtrc

from harness.problem import Rows, Scores

GAP = 0.02  # of all scores lie between the row's and those of its moved copies: less is no leap
HONEST_SHARE = 0.6  # of an honest model's leaps lead from the label away, at the most
MIN_SHARE = 0.8  # of a table's do; honest models that one-hot exact values reach .71
MAX_CHANCE = 1e-4


@dataclass(frozen=True, slots=True)
class Jumps:
    """How many rows score closer to their label than any of their moved copies by a leap, and how many farther."""

    closer: int
    farther: int

    @property
    def n(self) -> int:
        """All that leap."""
        return self.closer + self.farther

    @property
    def chance(self) -> float:
        """Return the probability of as many `closer` if each were so with the probability HONEST_SHARE."""
        return float(bdtrc(self.closer - 1, self.n, HONEST_SHARE)) if self.closer else 1.0

    @property
    def is_a_table(self) -> bool:
        """Whether these rows were known."""
        return self.chance < MAX_CHANCE and self.closer >= MIN_SHARE * self.n


def sizes(y: Rows, scores: Scores, moved: Scores) -> Scores:
    """Return how far each version of a row leaps away from all its other versions, towards the label.

    Shape (n_rows, 1 + n_copies), the row itself first. In shares of all scores; negative where it leaps the other way,
    0 where it lies among the others. For an honest model the row is one version like the others.
    """
    found = np.zeros((len(y), 1 + moved.shape[1]))
    for label in np.unique(y):
        own, copies = (_evidence(values, int(label), is_binary=scores.ndim == 1) for values in (scores, moved))
        everything = np.sort(np.concatenate([own, copies.ravel()]))
        versions = _rank(everything, np.column_stack([own, copies]))[y == label] / len(everything)
        found[y == label] = np.column_stack([_beyond(versions, i) for i in range(versions.shape[1])])
    return found


def _beyond(versions: Scores, place: int) -> Scores:
    one, others = versions[:, place], np.delete(versions, place, axis=1)
    return np.asarray(np.maximum(one - others.max(axis=1), 0) - np.maximum(others.min(axis=1) - one, 0))


def chance_of_own(n_own: int, n_all: int, share: float) -> float:
    """Return the probability that of `n_all` leaps so many are of the rows themselves, which have this share of all."""
    return float(bdtrc(n_own - 1, n_all, share)) if n_own else 1.0


def add(parts: Iterable[Jumps]) -> Jumps:
    """Return the leaps of all folds together."""
    found = list(parts)
    return Jumps(sum(part.closer for part in found), sum(part.farther for part in found))


def count(y: Rows, scores: Scores, moved: Scores) -> Jumps:
    """Count the leaps of one fold.

    Distances are in ranks, so that no monotone stretching of the scores hides a leap or makes one.

    Parameters
    ----------
    y : int array of shape (n_rows,)
    scores : array of shape (n_rows,) or (n_rows, K)
        Of the rows themselves.
    moved : array of shape (n_rows, n_copies) or (n_rows, n_copies, K)
        Of their moved copies.
    """
    is_binary = scores.ndim == 1
    parts = []
    for label in np.unique(y):
        own, copies = (_evidence(values, int(label), is_binary=is_binary) for values in (scores, moved))
        parts.append(_count_class(own, copies, y == label))
    return add(parts)


def _evidence(values: Scores, label: int, *, is_binary: bool) -> Scores:
    """Return numbers that rise with the evidence for one class."""
    if is_binary:
        return values if label == 1 else -values
    return values[..., label]


def _count_class(own: Scores, copies: Scores, rows: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> Jumps:
    everything = np.sort(np.concatenate([own, copies.ravel()]))
    value, low, high = own[rows], copies[rows].min(axis=1), copies[rows].max(axis=1)
    enough = np.maximum(_share_between(everything, low, high), GAP)
    closer = _share_between(everything, high, value) > enough
    farther = _share_between(everything, value, low) > enough
    return Jumps(int(closer.sum()), int(farther.sum()))


def _share_between(ordered: Scores, low: Scores, high: Scores) -> Scores:
    """Return the share of the scores that lie between two values; 0 where they stand the other way round.

    Those at either end count half: strictly between the only two scores that a table may give there is nothing.
    """
    return np.asarray(np.maximum(_rank(ordered, high) - _rank(ordered, low), 0) / len(ordered))


def _rank(ordered: Scores, values: Scores) -> Scores:
    return np.asarray((np.searchsorted(ordered, values, "left") + np.searchsorted(ordered, values, "right")) / 2)
