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
SMALL: dict[str, Any] = {"max_leaf_nodes": 16, "min_samples_leaf": 5}  # of the tree on one column


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


class SingleAuc:
    """The out-of-fold AUC of a small tree on one column, for many columns of the same rows."""

    def __init__(self, y: Integers, *, seed: int) -> None:
        self.y, self.seed = y, seed
        self._folds = list(_splitter(seed).split(y, y)) if _is_enough(y) else []

    def __call__(self, cells: pd.Series[Any]) -> float | None:
        """Return the AUC; None if a class has too few rows."""
        is_number = pd.api.types.is_numeric_dtype(cells.dtype)
        scores = self._of_numbers(cells.to_numpy(np.float32)) if is_number else self._of_texts(cells)
        return None if scores is None else auc(self.y, scores)

    def _of_numbers(self, cells: np.ndarray[Any, np.dtype[np.float32]]) -> Floats | None:
        """Fit the trees directly: cross_val_predict takes ten times as long, and a table may have thousands of columns.

        The squared error of indicators is the Gini impurity, so the regression trees are the classification trees.
        """
        from sklearn import config_context
        from sklearn.tree import DecisionTreeRegressor

        if not self._folds:
            return None
        column, has_missing = cells.reshape(-1, 1), bool(np.isnan(cells).any())
        is_class = (self.y[:, None] == np.unique(self.y)).astype(np.float64)
        scores = np.zeros(is_class.shape)
        with config_context(skip_parameter_validation=True, assume_finite=not has_missing):
            for fit, val in self._folds:
                tree = DecisionTreeRegressor(**SMALL, random_state=self.seed)
                tree.fit(column[fit], is_class[fit], check_input=has_missing)
                scores[val] = tree.predict(column[val], check_input=has_missing)
        return _of_positive(scores)

    def _of_texts(self, cells: pd.Series[Any]) -> Floats | None:
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import TargetEncoder
        from sklearn.tree import DecisionTreeClassifier

        encode = TargetEncoder(random_state=self.seed, cv=N_FOLDS)
        tree = DecisionTreeClassifier(**SMALL, random_state=self.seed)
        return _out_of_fold(make_pipeline(encode, tree), cells.to_frame(), self.y, self.seed)


def _out_of_fold(model: Any, X: pd.DataFrame, y: Integers, seed: int) -> Floats | None:
    if not _is_enough(y):
        return None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return _of_positive(np.asarray(cross_val_predict(model, X, y, cv=_splitter(seed), method="predict_proba")))


def _is_enough(y: Integers) -> bool:
    return bool(np.bincount(y).min() >= 2 * N_FOLDS)


def _splitter(seed: int) -> StratifiedKFold:
    return StratifiedKFold(N_FOLDS, shuffle=True, random_state=seed)


def _of_positive(scores: Floats) -> Floats:
    return scores[:, 1] if scores.shape[1] == 2 else scores
