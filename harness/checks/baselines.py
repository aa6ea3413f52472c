"""Measure plain models of the usual families on the same folds: what can be learned from this table, as far as we know.

The yardstick for a file that is far ahead of everything. Each model is a train.py of our own and is run as any other,
within the budget of an experiment, however little the measured file took; the first one that the file does not clearly
lead ends the look. Its scores serve all experiments after it, and so does its failure: a model that could not be
measured is passed over.

Not covered: knowledge. A good formula may lead all of them, which is why a lead alone accuses nobody. If it is kept on
recombined rows it even clears a file; an interaction of three columns, though, is lost there as a table is.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from harness.checks.context import FoldScores, Lab, Lead
from harness.checks.perturb import Kind
from harness.stats import paired_val_auc_se, val_auc_se

CLEAR = 2.5  # standard errors of the difference; honest files lead the best of the models by 1.2 at the most
LONG = 0.03  # a shorter lead may be skill
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


def find_lead(lab: Lab) -> Lead | None:
    """Return the file's lead over the best plain model, or None if it does not clearly lead each that was measured."""
    leads = []
    for name, model in MODELS.items():
        plain = lab.plainly(_source(model), max_rows=MAX_ROWS.get(name))
        if isinstance(plain, str):
            continue
        lead = _lead_over(lab, name, plain)
        if lead is None:
            return None
        leads.append(lead)
    return min(leads, key=lambda lead: lead.ahead, default=None)


def find_unmeasured(lab: Lab) -> list[str]:
    """Return the names of the plain models that were tried on this table and could not be measured."""
    return [name for name, model in MODELS.items() if isinstance(lab.plain.get(_source(model)), str)]


def _source(model: str) -> str:
    family, options = model.split(": ")
    return SOURCE.format(family=family, options=options)


def _lead_over(lab: Lab, name: str, plain: Sequence[FoldScores]) -> Lead | None:
    """Return the lead over one model; None where there is none."""
    ahead = lab.val_auc - lab.auc_of(plain)
    noise = _noise(lab, plain)
    if noise is None or ahead <= max(CLEAR * noise, LONG):
        return None
    recombined = [lab.probe_auc_of(Kind.RECOMBINED, folds) for folds in (lab.unprimed(), plain)]
    return Lead(name, ahead, noise, recombined[0] - recombined[1])


def _noise(lab: Lab, plain: Sequence[FoldScores]) -> float | None:
    """Return the standard error of the difference of the two val_aucs, at the most that of the plain model's own.

    The measured file does not set its noise: by a few sure rows ranked last it would make it as wide as it likes.
    """
    y = np.concatenate([lab.problem.y[fold.val] for fold in lab.folds])
    of_fold = np.repeat(np.arange(len(lab.folds)), [len(fold.val) for fold in lab.folds])
    theirs, ours = (np.concatenate([fold.scores for fold in folds]) for folds in (plain, lab.folds))
    errors = paired_val_auc_se(y, of_fold, theirs, ours), val_auc_se(y, of_fold, theirs)
    return min((error.value for error in errors if error is not None), default=None)
