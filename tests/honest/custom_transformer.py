"""A transformer of its own that learns medians in fit."""

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.utils.validation import check_is_fitted

HYPOTHESIS = "distance from the median"


class FromMedian(TransformerMixin, BaseEstimator):
    """How far each value lies from its column's median, on either side."""

    def fit(self, X, y=None):
        self.median_ = np.median(X, axis=0)
        return self

    def transform(self, X):
        check_is_fitted(self)
        away = np.asarray(X) - self.median_
        return np.hstack([np.maximum(away, 0), np.maximum(-away, 0)])

    def get_feature_names_out(self, input_features=None):
        return np.array([f"{name}_{side}" for side in ("above", "below") for name in input_features])


def feature_fn(X):
    return X


def columns(*more):
    """Return the step that turns the table into numbers; what is in `more` follows it."""
    numbers = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
    categories = make_pipeline(
        SimpleImputer(strategy="most_frequent"), OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    )
    table = make_column_transformer(
        (numbers, make_column_selector(dtype_include="number")),
        (categories, make_column_selector(dtype_exclude="number")),
    )
    return make_pipeline(table, *more)


def build_pipeline():
    return columns(FromMedian(), LogisticRegression(max_iter=500))


if __name__ == "__main__":
    from prepare import evaluate

    evaluate(__file__)
