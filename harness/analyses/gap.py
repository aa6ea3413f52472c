"""Compare the winner's drop from val_auc to test_auc with that of plain models, to detect overfitting to the folds.

Any model scores differently on the held-out rows, since they are other rows. The drop of plain models on the same rows
removes that difference. A larger drop of the winner, beyond the bias of selection, was fitted to the rows of the folds
from outside the folds: a prior learned from them elsewhere, or seeds and constants that were tuned on them. The rows of
the folds alone cannot show that.

Covered: any fit to the rows of the folds that fails on others. Not covered: effects below 1.6 standard errors, which
are large if few rows are held out, and a fit to the held-out rows themselves.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from harness.checks import baselines
from harness.evaluate import Result, TrainFile
from harness.harness import Harness
from harness.problem import Problem, Rows, Scores
from harness.stats import auc, components, components_variance

SURE = 1.645  # standard errors: one-sided .05, as in harness/stats/verdict.py; one test for each run


@dataclass(frozen=True, slots=True)
class Gap:
    """val_auc minus test_auc of the winner, and the mean of plain models; `se` is of their difference."""

    winner: float
    plain: float
    se: float
    n_plain: int
    picked: float

    @property
    def is_deeper(self) -> bool:
        """Whether the winner dropped further than plain models, by more than error and selection explain."""
        return self.winner - self.plain - self.picked > SURE * self.se

    def __str__(self) -> str:
        """Return the comparison in one sentence."""
        says = "no more than error and selection explain"
        if self.is_deeper:
            says = "the winner is overfitted to the training rows"
        return (
            f"val - test gap of the winner {self.winner:+.3f} ± {self.se:.3f} against {self.plain:+.3f} of "
            f"{self.n_plain} plain models, {self.picked:.3f} of it selection: {says}"
        )


def measure_gap(harness: Harness, scores: Sequence[Scores], test: Scores, *, picked: float = 0.0) -> Gap | None:
    """Evaluate the plain models and compare; None if none of them has scores, or a class is too rare.

    `scores` and `test` are the winner's scores of the validation rows of each fold, and of the held-out rows; `picked`
    is the estimated bias of its val_auc by selection.
    """
    problem = harness.workers().problem
    plain = [harness.evaluate(TrainFile(text), refits=False) for text in baselines.sources(len(problem.train))]
    known = [one for one in plain if one.is_ok and one.test_scores is not None]
    return compare(problem, scores, test, known, picked=picked) if known else None


def compare(
    problem: Problem, scores: Sequence[Scores], test: Scores, plain: Sequence[Result], *, picked: float
) -> Gap | None:
    """Return the gaps; None if a class has fewer than two rows in a part.

    Source: DeLong's variance (harness/stats/auc.py) of the contrast winner minus mean of the plain models. The parts
    are disjoint, so the variances of the folds and of the held-out rows add up.
    """
    parts = [
        (val, own, [one.scores[i] for one in plain])
        for i, ((_, val), own) in enumerate(zip(problem.folds, scores, strict=True))
    ]
    on_folds = [_contrast(problem, *part) for part in parts]
    on_test = _contrast(problem, problem.test, test, [one.test_scores for one in plain])
    if on_test is None or any(one is None for one in on_folds):
        return None
    known = [one for one in on_folds if one is not None]
    own, others = (float(np.mean([one[place] for one in known])) - on_test[place] for place in (0, 1))
    variance = sum(one[2] for one in known) / len(known) ** 2 + on_test[2]
    return Gap(own, others, math.sqrt(variance), len(plain), max(0.0, picked))


def _contrast(
    problem: Problem, rows: Rows, own: Scores, plain: Sequence[Scores | None]
) -> tuple[float, float, float] | None:
    """Return the winner's AUC, the mean AUC of the plain models, and the variance of the difference, on these rows."""
    y, others = problem.y[rows], [scores for scores in plain if scores is not None]
    aucs = [auc(y, scores) for scores in (own, *others)]
    known = [value for value in aucs if value is not None]
    per_row = components(y, own) - np.mean([components(y, scores) for scores in others], axis=0)
    variance = components_variance(y, per_row, problem.n_classes)
    if variance is None or len(known) < len(aucs):
        return None
    return known[0], float(np.mean(known[1:])), variance
