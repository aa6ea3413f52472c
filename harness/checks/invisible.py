"""Say how large a gain can be that no look at the rows of this table can tell from learning.

Computed from the plain models' scores, so it belongs to the table, not to a file. Three kinds of knowledge hide by
three limits; harness/analyses/gap.py says at the end of a run, on held-out rows, what these looks leave open.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from harness.checks import baselines, exact_rows
from harness.checks.context import CheckContext, FoldScores
from harness.stats import components, val_auc_se


@dataclass(frozen=True, slots=True)
class Invisible:
    """Gains in val_auc below which nothing is seen, by the kind of knowledge; None where it was not measured.

    `smooth` holds on recombined rows as a model does, `lost` is gone on them, `exact` is of single rows.
    """

    smooth: float
    lost: float | None
    exact: float

    @property
    def largest(self) -> float:
        """The largest of them."""
        return max(self.smooth, self.lost or 0.0, self.exact)

    def __str__(self) -> str:
        """Say the sizes in one line."""
        lost = "" if self.lost is None else f"{self.lost:.4f} by labels lost on recombined rows, "
        return (
            f"what stays invisible on this table: up to about +{self.largest:.3f} val_auc ({self.smooth:.4f} by a "
            f"smooth function of the labels, {lost}{self.exact:.4f} by {exact_rows.HIDDEN} exact rows)"
        )


def find_invisible(context: CheckContext) -> Invisible | None:
    """Return the sizes for this table from the plain models that were measured so far; None without any."""
    plain = baselines.measured(context)
    best = max(plain, key=context.auc_of, default=None)
    if best is None:
        return None
    noise = val_auc_se(*_out_of_fold(context, best))
    smooth = max(baselines.LONG, baselines.CLEAR * noise.value if noise else 0.0)
    return Invisible(smooth, _lost(context, plain), _exact(context, best))


def _lost(context: CheckContext, plain: Sequence[Sequence[FoldScores]]) -> float | None:
    """Return the limit for a lead that is lost on recombined rows, by the error that two plain models have there."""
    pairs = [baselines.find_lost(context, one, other) for one, other in itertools.combinations(plain, 2)]
    errors = [found[1] for found in pairs if found is not None]
    return baselines.LOST * float(np.median(errors)) if errors else None


def _exact(context: CheckContext, best: Sequence[FoldScores]) -> float:
    """Return what the rows that the best plain model ranks worst would add if they were ranked best."""
    gains = []
    for fold in best:
        y = context.problem.y[fold.val]
        sizes = np.bincount(y, minlength=context.problem.n_classes)
        n_questions = 1 if context.problem.n_classes == 2 else context.problem.n_classes
        gains.append(1 / (sizes[y] * n_questions) - components(y, fold.scores))
    worst = np.sort(np.concatenate(gains))[-exact_rows.HIDDEN :]
    return float(worst.sum()) / len(best)


def _out_of_fold(context: CheckContext, folds: Sequence[FoldScores]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    y = np.concatenate([context.problem.y[fold.val] for fold in folds])
    of_fold = np.repeat(np.arange(len(folds)), [len(fold.val) for fold in folds])
    return y, of_fold, np.concatenate([fold.scores for fold in folds])
