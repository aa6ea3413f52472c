"""Compute how large a gain from stored labels can be without being detected on this table.

It follows from the scores of the plain models and is therefore a property of the table, not of a file. There are three
kinds of knowledge with a limit each. harness/analyses/gap.py tests the rest on the held-out rows at the end of a run.
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
    """Gains in val_auc that are not detected, by the kind of knowledge; None if not measured.

    `smooth` is kept on recombined rows, as by a model; `lost` is not; `exact` is knowledge of single rows.
    """

    smooth: float
    lost: float | None
    exact: float

    @property
    def largest(self) -> float:
        """The largest of them."""
        return max(self.smooth, self.lost or 0.0, self.exact)

    def __str__(self) -> str:
        """State the sizes in one sentence."""
        lost = "" if self.lost is None else f"{self.lost:.4f} from labels lost on recombined rows, "
        return (
            f"Not detectable on this table are gains up to about +{self.largest:.3f} val_auc ({self.smooth:.4f} from a "
            f"smooth function of the labels, {lost}{self.exact:.4f} from {exact_rows.HIDDEN} exact rows)"
        )


def find_invisible(context: CheckContext) -> Invisible | None:
    """Return the sizes from the plain models that were measured so far; None without any."""
    plain = baselines.measured(context)
    best = max(plain, key=context.auc_of, default=None)
    if best is None:
        return None
    noise = val_auc_se(*context.out_of_fold(best))
    smooth = max(baselines.LONG, baselines.CLEAR * noise.value if noise else 0.0)
    pairs = [baselines.find_lost(context, one, other) for one, other in itertools.combinations(plain, 2)]
    errors = [found[1] for found in pairs if found is not None]
    lost = baselines.LOST * float(np.median(errors)) if errors else None  # as between two plain models
    return Invisible(smooth, lost, _exact(context, best))


def _exact(context: CheckContext, best: Sequence[FoldScores]) -> float:
    """Return the gain if the rows that the best plain model ranks worst were ranked best."""
    gains = []
    for fold in best:
        y = context.problem.y[fold.val]
        sizes = np.bincount(y, minlength=context.problem.n_classes)
        n_questions = 1 if context.problem.n_classes == 2 else context.problem.n_classes
        gains.append(1 / (sizes[y] * n_questions) - components(y, fold.scores))
    worst = np.sort(np.concatenate(gains))[-exact_rows.HIDDEN :]
    return float(worst.sum()) / len(best)
