"""Correct the gain of the best of many experiments for selection bias.

Covered: selection among the completed experiments. Not covered: noise that an agent kept step by step, since each
experiment builds on earlier verdicts (only rows that were never scored reveal it), and early-stopped experiments, whose
absence makes the correction too small.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from statistics import NormalDist
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from harness.stats.auc import Interval, Labels, Scores

Bags: TypeAlias = NDArray[np.int16]


@dataclass(frozen=True, slots=True)
class CorrectedGain:
    """The gain of the best experiment over the baseline, in val_auc units, as measured and as corrected.

    `interval` is the .95 interval of the winner's true gain. `p_not_positive` is the share of the bootstraps without a
    gain; it is conservative, since a bootstrap is scored on the third of the rows that it left out.
    """

    winner: int
    naive: float
    mean: float
    interval: Interval
    p_not_positive: float
    n_experiments: int
    n_bootstraps: int


def bbc(
    y: Labels, fold: Labels, scores: Scores, *, rng: np.random.Generator, n_boot: int = 200
) -> CorrectedGain | None:
    """Return the bias-corrected gain of the best experiment; None if no bootstrap left out rows of each class.

    Each bootstrap draws rows within each fold and class, selects the experiment with the best val_auc on the drawn rows
    (the oldest of equals), and computes its val_auc minus that of the baseline on the other rows. No model is fitted.

    Parameters
    ----------
    y, fold : int arrays of shape (n_rows,)
        Class indices, and for each row the fold that scored it.
    scores : array of shape (n_experiments, n_rows), or (n_experiments, n_rows, K) beyond two classes
        Out-of-fold scores of the completed experiments, oldest first: the first is the baseline.

    Source: Tsamardinos, Greasidou and Borboudakis (2018), Machine Learning 107:1895-1922, algorithm 5 (BBC-CV).
    Adapted: the strata are folds by classes, since val_auc is a mean of fold AUCs; the paired gain is corrected; the
    interval of the paper, the quantiles of the bootstraps, is too wide and is replaced (`_interval`).
    """
    bags = draw_bags(y, fold, rng=rng, n_boot=n_boot)
    gains = bagged_gains(y, fold, scores, bags)
    gains = gains[np.isfinite(gains)]
    if not len(gains):
        return None
    areas = _val_aucs(y, fold, scores, np.ones((len(y), 1), dtype=np.int16))[:, 0]
    winner = int(areas.argmax())
    return CorrectedGain(
        winner=winner,
        naive=float(areas[winner] - areas[0]),
        mean=float(gains.mean()),
        interval=_interval(gains, share_left=float((bags == 0).mean())),
        p_not_positive=float((gains <= 0).mean()),
        n_experiments=len(scores),
        n_bootstraps=len(gains),
    )


def draw_bags(y: Labels, fold: Labels, *, rng: np.random.Generator, n_boot: int) -> Bags:
    """Return how often each bootstrap draws each row, shape (n_rows, n_boot), stratified by fold and class."""
    bags = np.zeros((len(y), n_boot), dtype=np.int16)
    for k in np.unique(fold):
        for label in np.unique(y[fold == k]):
            rows = np.flatnonzero((fold == k) & (y == label))
            bags[rows] = rng.multinomial(len(rows), np.full(len(rows), 1 / len(rows)), size=n_boot).T
    return bags


def bagged_gains(y: Labels, fold: Labels, scores: Scores, bags: Bags) -> Scores:
    """Return for each bag the out-of-bag val_auc of its in-bag winner minus that of the baseline, or NaN."""
    winners = _val_aucs(y, fold, scores, bags).argmax(axis=0)
    finalists, places = np.unique(np.append(0, winners), return_inverse=True)
    left_out = _val_aucs(y, fold, scores[finalists], (bags == 0).astype(np.int16))
    gains: Scores = left_out[places[1:], np.arange(bags.shape[1])] - left_out[0]
    return gains


def _interval(gains: Scores, *, share_left: float) -> Interval:
    """Return the .95 interval of the mean gain, from the spread of the bootstraps.

    Over random subsets with a share s of the rows, the SD of an estimate is sqrt((1 - s) / s) times its standard error
    on all rows, as in the delete-d jackknife. So the SD of the bootstraps, with s = .37, is scaled by .76. In 100 to
    150 simulated runs of four kinds (10 to 50 experiments, 242 rows) the interval covered the true gain in .93 to 1.00.
    Plain quantiles covered it in .97 to 1.00; scaled likewise, in .74 to .94, since gains are skewed if the baseline
    often wins.

    Source: Shao and Wu (1989), Annals of Statistics 17:1176-1197, for the scale.
    """
    reach = NormalDist().inv_cdf(0.975) * math.sqrt(share_left / (1 - share_left)) * float(gains.std())
    middle = float(gains.mean())
    return Interval(middle - reach, middle + reach)


def _val_aucs(y: Labels, fold: Labels, scores: Scores, weights: Bags) -> Scores:
    """Return the val_auc of each experiment under each column of row weights, shape (n_experiments, n_columns).

    A class of a fold without positive or without negative weight is left out of the mean.
    """
    total = np.zeros((len(scores), weights.shape[1]))
    n_areas = np.zeros(weights.shape[1])
    for positive, negative, columns in _questions(y, fold, scores):
        drawn, others = weights[positive].astype(np.float64), weights[negative]
        n_pairs = drawn.sum(axis=0) * others.sum(axis=0)
        n_areas += n_pairs > 0
        for area, column in zip(total, columns, strict=True):
            area += _pairs_won(column[positive], column[negative], drawn, others) / np.maximum(n_pairs, 1)
    return np.where(n_areas > 0, total / np.maximum(n_areas, 1), np.nan)


def _questions(y: Labels, fold: Labels, scores: Scores) -> Iterator[tuple[Labels, Labels, Scores]]:
    """Yield, for each fold and class, the rows of the class, the other rows, and the scores of all experiments."""
    by_class = [(1, scores)] if scores.ndim == 2 else [(k, scores[:, :, k]) for k in range(scores.shape[2])]
    for k in np.unique(fold):
        rows = np.flatnonzero(fold == k)
        for label, columns in by_class:
            is_class = y[rows] == label
            yield rows[is_class], rows[~is_class], columns


def _pairs_won(positive: Scores, negative: Scores, drawn: Scores, others: Bags) -> Scores:
    """Return the weight of the pairs in the right order, ties half, shape (n_columns,).

    Weights: `drawn` (n_positive, n_columns), `others` (n_negative, n_columns). One sort serves all columns.
    """
    order = np.argsort(negative)
    below = np.zeros((len(negative) + 1, others.shape[1]))
    np.cumsum(others[order], axis=0, out=below[1:])
    ranked = negative[order]
    first, last = np.searchsorted(ranked, positive, "left"), np.searchsorted(ranked, positive, "right")
    won: Scores = np.einsum("ij,ij->j", drawn, below[first] + below[last]) / 2
    return won
