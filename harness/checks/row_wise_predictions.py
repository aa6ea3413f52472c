"""Check that the score of a row does not depend on the other rows of the batch."""

from __future__ import annotations

import numpy as np

from harness.checks.base import CheckResult, Cost
from harness.checks.context import CheckContext, FoldScores
from harness.checks.perturb import Perturbation
from harness.checks.row_wise_features import differs

NAME = "row-wise-predictions"
CATCHES = "a pipeline that uses the batch it predicts: ranks, means, clusters or pseudo-labels of the rows to score"
FIX = "learn in fit and only apply in predict: a row's score must follow from that row and the fitted model"
COST = Cost.SCORES
TOLERANCE = 1e-6  # of a fold's width of scores; honest models stay below 3e-11, except for ties between neighbours
MAX_SHARE = 0.02
MAX_GAIN = 1e-3


def run(context: CheckContext) -> CheckResult:
    """Compare each validation row's score with its score in a shuffled batch of other rows."""
    share = float(np.mean([share_changed(fold) for fold in context.folds]))
    # only if every validation row was scored again are both AUCs of the same rows
    is_whole = all((fold.batch.kinds == Perturbation.COMPANION).sum() == len(fold.val) for fold in context.folds)
    gain = context.val_auc - context.probe_auc_of(Perturbation.COMPANION, context.folds) if is_whole else 0.0
    evidence = (
        f"{100 * share:.1f} % of the scores depend on the other rows of the batch; val_auc changes by {abs(gain):.4f}"
    )
    return CheckResult(share <= MAX_SHARE and abs(gain) <= MAX_GAIN, evidence)


def share_changed(fold: FoldScores) -> float:
    """Return the share of the repeated rows whose second score differs from the first."""
    origin, again = fold.batch.select(Perturbation.COMPANION, fold.probe_scores)
    first = fold.scores[origin]
    changed = differs(first.reshape(len(origin), -1), again.reshape(len(origin), -1), TOLERANCE)
    return float(changed.any(axis=1).mean())
