"""Measure plain models of the usual families on the same folds: what can be learned from this table, as far as we know.

The yardstick for a file that is ahead of everything. Each model is a train.py of our own and is run as any other,
within the budget of an experiment, however little the measured file took; the first one that the file does not lead
ends the look. Its scores serve all experiments after it. A model that could not be measured is passed over, which makes
the lead longer, not shorter; where none could be measured, there is no look.

Not covered: knowledge. A good formula may lead all of them, which is why a lead alone accuses nobody. If it is kept on
recombined rows it even clears a file; an interaction of three columns, though, is lost there as a table is.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from harness.checks.base import Failure
from harness.checks.context import CheckContext, FoldScores, Lead
from harness.checks.perturb import Perturbation
from harness.stats import auc, components, components_variance, paired_val_auc_se, val_auc_se

CLEAR = 2.5  # standard errors of the difference; honest files lead the best of the models by 1.2 at the most
LONG = 0.03  # a shorter lead may be skill
LOST = 3.0  # standard errors by which any lead shrinks on recombined rows; honest files reach 2.6
MODELS = {  # quickest first
    "a linear model": "linear_model import LogisticRegression as Model: max_iter=500",
    "neighbours": "neighbors import KNeighborsClassifier as Model: n_neighbors=15, weights='distance'",
    "boosting": "ensemble import HistGradientBoostingClassifier as Model: max_iter=60, random_state=0",
    "a forest": "ensemble import ExtraTreesClassifier as Model: n_estimators=100, min_samples_leaf=2, random_state=0",
    "a kernel machine": "svm import SVC as Model: cache_size=500",
}
MAX_ROWS = {"a kernel machine": 4000}  # that it learns from, of each fold: its time grows with their square
SOURCE = """
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.{family}


def feature_fn(X):
    return X


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
    return make_pipeline(columns, Model({options}))
"""


def find_lead(context: CheckContext) -> Lead | Failure | None:
    """Return the file's lead over the best plain model, or None if it does not lead each that was measured.

    A Failure where none could be measured: there is nothing to compare with then.
    """
    leads, failure = [], Failure("there is no plain model")
    for name, model in MODELS.items():
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
    """Return the names of the plain models that were tried on this table and could not be measured."""
    return [name for name, model in MODELS.items() if isinstance(context.plain.get(_source(model)), Failure)]


def measured(context: CheckContext) -> list[list[FoldScores]]:
    """Return the scores of the plain models that were measured on this table so far."""
    known = (context.plain.get(_source(model)) for model in MODELS.values())
    return [plain for plain in known if plain is not None and not isinstance(plain, Failure)]


def sources(n_rows: int) -> list[str]:
    """Return the text of every plain model that can learn from so many rows."""
    return [_source(model) for name, model in MODELS.items() if n_rows <= MAX_ROWS.get(name, n_rows)]


def _source(model: str) -> str:
    family, options = model.split(": ")
    return SOURCE.format(family=family, options=options)


def _lead_over(context: CheckContext, name: str, plain: Sequence[FoldScores]) -> Lead | Failure | None:
    """Return the lead over one model; None where there is none."""
    ahead = context.val_auc - context.auc_of(plain)
    if ahead <= 0:
        return None
    ours = context.unprimed()
    noise = _noise(context, plain)
    ahead_recombined = context.probe_auc_of(Perturbation.RECOMBINED, ours) - context.probe_auc_of(
        Perturbation.RECOMBINED, plain
    )
    lost = find_lost(context, ours, plain)
    if noise is None or lost is None or not math.isfinite(ahead + ahead_recombined):
        return Failure(f"the lead over {name} has no standard error: a class has fewer than two rows in a fold")
    is_clear = ahead > max(CLEAR * noise, LONG)
    return Lead(name, ahead, noise, ahead_recombined, *lost, is_clear)


def find_lost(
    context: CheckContext, ours: Sequence[FoldScores], plain: Sequence[FoldScores]
) -> tuple[float, float] | None:
    """Return how much smaller a file's lead over a plain model is on recombined rows, and the standard error of that.

    What one row adds to it is what it adds to the lead, less what the rows put together from it add to the lead on
    them. Both leads are differences on the same rows, so its error is far smaller than that of a lead. None where a
    class has fewer than two rows. Source: as in harness/stats/delong.py, for a contrast of four curves.
    """
    values, variances = [], []
    for one, other in zip(ours, plain, strict=True):
        (rows, recombined), (same, recombined_plain) = (
            fold.batch.select(Perturbation.RECOMBINED, fold.probe_scores) for fold in (one, other)
        )
        places, at = np.unique(rows, return_inverse=True)
        if not np.array_equal(rows, same):
            raise ValueError("expected the recombined rows of both files to be the same")
        y, y_recombined = context.problem.y[one.val][places], context.problem.y[one.val][rows]
        lead = components(y, one.scores[places]) - components(y, other.scores[places])
        later = components(y_recombined, recombined) - components(y_recombined, recombined_plain)
        aucs = auc(y, one.scores[places]), auc(y, other.scores[places])
        aucs_later = auc(y_recombined, recombined), auc(y_recombined, recombined_plain)
        per_row = lead - np.bincount(at, weights=later, minlength=len(places))
        variance = components_variance(y, per_row, context.problem.n_classes)
        if variance is None or None in aucs + aucs_later:
            return None
        values.append((aucs[0] - aucs[1]) - (aucs_later[0] - aucs_later[1]))  # type: ignore[operator]
        variances.append(variance)
    return float(np.mean(values)), math.sqrt(sum(variances)) / len(variances)


def _noise(context: CheckContext, plain: Sequence[FoldScores]) -> float | None:
    """Return the standard error of the difference of the two val_aucs, at the most that of the plain model's own.

    The measured file does not set its noise: by a few sure rows ranked last it would make it as wide as it likes.
    """
    y = np.concatenate([context.problem.y[fold.val] for fold in context.folds])
    of_fold = np.repeat(np.arange(len(context.folds)), [len(fold.val) for fold in context.folds])
    theirs, ours = (np.concatenate([fold.scores for fold in folds]) for folds in (plain, context.folds))
    errors = paired_val_auc_se(y, of_fold, theirs, ours), val_auc_se(y, of_fold, theirs)
    return min((error.value for error in errors if error is not None), default=None)
