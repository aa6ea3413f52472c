"""The two small models of the audit, which measure how well columns predict the class.

Their parts of scikit-learn are imported with the first fit: a server that audits nothing starts 0.4 CPU seconds sooner.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pandas as pd
from sklearn.model_selection import StratifiedKFold, cross_val_predict

from harness.data.table import Floats, Integers
from harness.stats import auc

N_FOLDS = 3
WIDE = 200  # columns
SLACK = 0.1  # AUC that a tree may find beyond groups of neighbouring values


def scores_out_of_fold(X: pd.DataFrame, y: Integers, *, seed: int) -> Floats | None:
    """Return out-of-fold scores of extra trees; None if a class has too few rows."""
    from sklearn.compose import make_column_selector, make_column_transformer
    from sklearn.ensemble import ExtraTreesClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OrdinalEncoder

    encode = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1, min_frequency=5, max_categories=100)
    columns = make_column_transformer(
        ("passthrough", make_column_selector(dtype_include="number")),
        (encode, make_column_selector(dtype_exclude="number")),
    )
    trees = ExtraTreesClassifier(100, min_samples_leaf=3, max_features=0.5, random_state=seed)
    return _out_of_fold(make_pipeline(columns, trees), X, y, seed)


def strongest(X: pd.DataFrame, y: Integers, *, least: float) -> list[str]:
    """Return the columns that may have an AUC of `least`: all but numbers whose order tells too little.

    Only a wide table is thinned out: there a tree for each column would take minutes.
    """
    if len(X.columns) <= WIDE:
        return list(X.columns)
    labels = np.eye(int(y.max()) + 1)[y]
    return [name for name in X.columns if _may_be_strong(X[name], labels, y, least - SLACK)]


def _may_be_strong(cells: pd.Series[Any], labels: Floats, y: Integers, least: float) -> bool:
    """Whether groups of neighbouring values, scored within the sample, reach an AUC of `least`."""
    n_bins = max(2, min(16, len(y) // 5))
    if not pd.api.types.is_numeric_dtype(cells.dtype):
        return True
    order = np.argsort(cells.to_numpy(np.float64), kind="stable")
    places = np.empty(len(y), np.int64)
    places[order] = np.arange(len(y)) * n_bins // len(y)
    shares = np.zeros((n_bins, labels.shape[1]))
    np.add.at(shares, places, labels)
    scores = (shares / shares.sum(axis=1, keepdims=True))[places]
    area = auc(y, scores[:, 1] if labels.shape[1] == 2 else scores)
    return area is None or area >= least


def single_auc(cells: pd.Series[Any], y: Integers, *, seed: int) -> float | None:
    """Return the out-of-fold AUC of a small tree on one column; None if a class has too few rows."""
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import TargetEncoder
    from sklearn.tree import DecisionTreeClassifier

    tree = DecisionTreeClassifier(max_leaf_nodes=16, min_samples_leaf=5, random_state=seed)
    encode = TargetEncoder(random_state=seed, cv=N_FOLDS)
    model = tree if pd.api.types.is_numeric_dtype(cells.dtype) else make_pipeline(encode, tree)
    scores = _out_of_fold(model, cells.to_frame(), y, seed)
    return None if scores is None else auc(y, scores)


def _out_of_fold(model: Any, X: pd.DataFrame, y: Integers, seed: int) -> Floats | None:
    if np.bincount(y).min() < 2 * N_FOLDS:
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        splitter = StratifiedKFold(N_FOLDS, shuffle=True, random_state=seed)
        scores = np.asarray(cross_val_predict(model, X, y, cv=splitter, method="predict_proba"))
    return scores[:, 1] if scores.shape[1] == 2 else scores
