"""Measure plain models of the usual families on the same folds, as an estimate of what can be learned from the table.

Each model is a train.py of our own and runs like any other, within the budget of an experiment. The comparison ends
with the first model that the file does not beat. The scores are kept for all later experiments. A model that could not
be measured is skipped, which makes the lead larger, not smaller. If none could be measured, there is no comparison.

Not covered: knowledge. A good formula may beat all plain models, so a lead alone does not reject a file. A lead that is
kept on recombined rows even clears it. An interaction of three columns, however, is lost there just as a table is.

The scores of the plain models also say how large a gain from stored labels can be without being detected. This is a
property of the table, not of a file. There are three kinds of knowledge with a limit each. harness/analyses/gap.py
tests the rest on the held-out rows at the end of a run.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from harness.checks.base import Failure
from harness.checks.context import CheckContext, FoldScores, Lead
from harness.checks.jumps import HIDDEN
from harness.checks.perturb import Perturbation
from harness.problem import Rows, Scores
from harness.stats import auc, components, components_variance, paired_val_auc_se, val_auc_se

CLEAR = 2.5  # standard errors of the difference; honest files lead the best model by at most 1.2
LONG = 0.03  # a smaller lead may come from a better model
LOST = 3.0  # standard errors by which a lead shrinks on recombined rows; honest files reach 2.6
MODELS = {  # quickest first
    "a linear model": "linear_model import LogisticRegression as Model: max_iter=500",
    "neighbours": "neighbors import KNeighborsClassifier as Model: n_neighbors=15, weights='distance'",
    "boosting": "ensemble import HistGradientBoostingClassifier as Model: max_iter=60, random_state=0",
    "a forest": "ensemble import ExtraTreesClassifier as Model: n_estimators=100, min_samples_leaf=2, random_state=0",
    "a kernel machine": "svm import SVC as Model: cache_size=500",
}
MAX_ROWS = {"a kernel machine": 4000}  # training rows of a fold; fit time grows with their square
SOURCE = """
import numpy as np
from sklearn.base import BaseEstimator
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

models = []
{models}

def feature_fn(X):
    return X


class SideBySide(BaseEstimator):
    def fit(self, X, y):
        self.models_ = [model.fit(X, y) for model in models]
        return self

    def predict_proba(self, X):
        return np.column_stack([scores_of(model, X) for model in self.models_])


def scores_of(model, X):
    scores = model.predict_proba(X) if hasattr(model, "predict_proba") else model.decision_function(X)
    return scores[:, 1] if scores.shape[1:] == (2,) else scores


def build_pipeline():
    numbers = make_pipeline(SimpleImputer(strategy="median", keep_empty_features=True), StandardScaler())
    categories = make_pipeline(
        SimpleImputer(strategy="most_frequent", keep_empty_features=True),
        OneHotEncoder(handle_unknown="infrequent_if_exist", min_frequency=5, max_categories=30, sparse_output=False),
    )
    columns = make_column_transformer(
        (numbers, make_column_selector(dtype_include="number")),
        (categories, make_column_selector(dtype_exclude="number")),
    )
    return make_pipeline(columns, *models if len(models) == 1 else [SideBySide()])
"""


def find_lead(context: CheckContext) -> Lead | Failure | None:
    """Return the lead over the best plain model, or None if one of them is as good; a Failure if none was measured."""
    leads, failure = [], Failure("there is no plain model")
    for place, (name, model) in enumerate(MODELS.items()):
        if place == 1:  # the file is above the quickest model, so all others will most likely be asked for
            _measure_together(context)
        plain = context.plainly(_source(model), max_rows=MAX_ROWS.get(name))
        if isinstance(plain, Failure):
            failure = plain
            continue
        lead = _lead_over(context, name, plain)
        if not isinstance(lead, Lead):
            return lead
        leads.append(lead)
    if not leads:
        return replace(failure, reason=f"no plain model could be measured: {failure.reason}")
    least = min(leads, key=lambda lead: lead.lost)
    return replace(min(leads, key=lambda lead: lead.ahead), lost=least.lost, lost_noise=least.lost_noise)


def find_unmeasured(context: CheckContext) -> list[str]:
    """Return the names of the plain models whose measurement failed on this table."""
    return [name for name, model in MODELS.items() if isinstance(context.plain.get(_source(model)), Failure)]


def measured(context: CheckContext) -> list[list[FoldScores]]:
    """Return the scores of the plain models that have been measured on this table."""
    known = (context.plain.get(_source(model)) for model in MODELS.values())
    return [plain for plain in known if plain is not None and not isinstance(plain, Failure)]


def sources(n_rows: int) -> list[str]:
    """Return the source of every plain model that can be fitted on `n_rows`."""
    return [_source(model) for name, model in MODELS.items() if n_rows <= MAX_ROWS.get(name, n_rows)]


def _source(*models: str) -> str:
    """Return a train.py with one model, or with several that give their scores side by side."""
    lines = []
    for model in models:
        family, options = model.split(": ")
        lines.append(f"from sklearn.{family}\nmodels.append(Model({options}))\n")
    return SOURCE.format(models="".join(lines))


def _measure_together(context: CheckContext) -> None:
    """Fit in one process a fold all models that are not measured yet: half the time of one process for each.

    If one of them fails, nothing is known, and each is fitted in processes of its own.
    """
    n_rows = max(len(fold.fit) for fold in context.folds)
    fitting = [model for name, model in MODELS.items() if n_rows <= MAX_ROWS.get(name, n_rows)]
    waiting = [model for model in fitting if _source(model) not in context.plain]
    if len(waiting) > 2:
        context.plainly_together(_source(*waiting), [_source(model) for model in waiting])


def _lead_over(context: CheckContext, name: str, plain: Sequence[FoldScores]) -> Lead | Failure | None:
    """Return the lead over one model; None if there is none."""
    ahead = context.val_auc - context.auc_of(plain)
    if ahead <= 0:
        return None
    ours, noise = context.unprimed(), _noise(context, plain)
    recombined = [context.probe_auc_of(Perturbation.RECOMBINED, folds) for folds in (ours, plain)]
    ahead_recombined, lost = recombined[0] - recombined[1], find_lost(context, ours, plain)
    if noise is None or lost is None or not math.isfinite(ahead + ahead_recombined):
        return Failure(f"the lead over {name} has no standard error: a class has fewer than two rows in a fold")
    is_clear = ahead > max(CLEAR * noise, LONG)
    return Lead(name, ahead, noise, ahead_recombined, *lost, is_clear)


def find_lost(
    context: CheckContext, ours: Sequence[FoldScores], plain: Sequence[FoldScores]
) -> tuple[float, float] | None:
    """Return how much smaller the lead over a plain model is on recombined rows, and the standard error of this loss.

    None if a class has fewer than two rows. Both leads are differences on the same rows, so that the error of the loss
    is far smaller than that of a lead. Source: as in harness/stats/auc.py, for a contrast of four curves.
    """
    parts = [_lost_in_fold(context, one, other) for one, other in zip(ours, plain, strict=True)]
    found = [part for part in parts if part is not None]
    if len(found) < len(parts):
        return None
    values, variances = zip(*found, strict=True)
    return float(np.mean(values)), math.sqrt(sum(variances)) / len(variances)


def _lost_in_fold(context: CheckContext, one: FoldScores, other: FoldScores) -> tuple[float, float] | None:
    """Return the loss in one fold and its variance.

    A row contributes its component of the lead, less the components of the recombined rows that were made from it.
    """
    (rows, ours), (same, plain) = (
        fold.batch.select(Perturbation.RECOMBINED, fold.probe_scores) for fold in (one, other)
    )
    if not np.array_equal(rows, same):
        raise ValueError("the two files have different recombined rows")
    places, at = np.unique(rows, return_inverse=True)
    y = context.problem.y[one.val]
    lead = _lead_components(y[places], one.scores[places], other.scores[places])
    recombined = _lead_components(y[rows], ours, plain)
    if lead is None or recombined is None:
        return None
    per_row = lead[1] - np.bincount(at, weights=recombined[1], minlength=len(places))
    variance = components_variance(y[places], per_row, context.problem.n_classes)
    return None if variance is None else (lead[0] - recombined[0], variance)


def _lead_components(y: Rows, ours: Scores, plain: Scores) -> tuple[float, Scores] | None:
    """Return the difference of two AUCs and each row's component of it; None if a class is missing."""
    our_auc, plain_auc = auc(y, ours), auc(y, plain)
    if our_auc is None or plain_auc is None:
        return None
    return our_auc - plain_auc, components(y, ours) - components(y, plain)


def _noise(context: CheckContext, plain: Sequence[FoldScores]) -> float | None:
    """Return the standard error of the difference of the two val_aucs, at most that of the plain model's val_auc.

    Without this bound a file could widen its own error by ranking a few certain rows last.
    """
    y, of_fold, theirs = context.out_of_fold(plain)
    ours = context.out_of_fold(context.folds)[2]
    errors = paired_val_auc_se(y, of_fold, theirs, ours), val_auc_se(y, of_fold, theirs)
    return min((error for error in errors if error is not None), default=None)


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
            f"smooth function of the labels, {lost}{self.exact:.4f} from {HIDDEN} exact rows)"
        )


def find_invisible(context: CheckContext) -> Invisible | None:
    """Return the sizes from the plain models that were measured so far; None without any."""
    plain = measured(context)
    best = max(plain, key=context.auc_of, default=None)
    if best is None:
        return None
    noise = val_auc_se(*context.out_of_fold(best))
    smooth = max(LONG, CLEAR * (noise or 0.0))
    pairs = [find_lost(context, one, other) for one, other in itertools.combinations(plain, 2)]
    errors = [found[1] for found in pairs if found is not None]
    lost = LOST * float(np.median(errors)) if errors else None  # as between two plain models
    return Invisible(smooth, lost, _exact(context, best))


def _exact(context: CheckContext, best: Sequence[FoldScores]) -> float:
    """Return the gain if the rows that the best plain model ranks worst were ranked best."""
    gains = []
    for fold in best:
        y = context.problem.y[fold.val]
        sizes = np.bincount(y, minlength=context.problem.n_classes)
        n_questions = 1 if context.problem.n_classes == 2 else context.problem.n_classes
        gains.append(1 / (sizes[y] * n_questions) - components(y, fold.scores))
    worst = np.sort(np.concatenate(gains))[-HIDDEN:]
    return float(worst.sum()) / len(best)
