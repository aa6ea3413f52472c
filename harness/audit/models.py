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
