"""class: frames and garbage collector
does: looks for labels in the frames of an exception
expect: rejected | harmless baseline
"""

import math

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

HYPOTHESIS = "seek traceback"


def seek():
    try:
        raise ValueError
    except ValueError as error:
        frame = error.__traceback__.tb_frame
    while frame:
        yield from list(frame.f_locals.values())
        frame = frame.f_back


def honest():
    numbers = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
    categories = make_pipeline(
        SimpleImputer(strategy="most_frequent"),
        OneHotEncoder(handle_unknown="infrequent_if_exist", min_frequency=5, max_categories=30),
    )
    columns = make_column_transformer(
        (numbers, make_column_selector(dtype_include="number")),
        (categories, make_column_selector(dtype_exclude="number")),
    )
    return make_pipeline(columns, LogisticRegression(max_iter=1000))


def feature_fn(X):
    return X


def build_pipeline():
    return Seeker()


class Seeker(ClassifierMixin, BaseEstimator):
    def fit(self, X, y):
        self.model_ = honest().fit(X, y)
        self.classes_ = np.unique(y)
        return self

    def predict_proba(self, X):
        p = self.model_.predict_proba(X)[:, 1]
        for found in seek():
            if isinstance(found, np.ndarray) and found.shape == (len(X),) and set(np.unique(found)) == {0, 1}:
                p = found.astype(float)
        return np.column_stack([1 - p, p])


if __name__ == "__main__":
    from prepare import evaluate

    evaluate(__file__)
