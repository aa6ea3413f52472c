"""class: overridden behaviour
does: runs a program when it is unpickled, copied or printed
expect: rejected | harmless baseline
"""

import os

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

HYPOTHESIS = "odd pickle"


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
    return Trap()


class Trap(ClassifierMixin, BaseEstimator):
    def fit(self, X, y):
        self.model_ = honest().fit(X, y)
        self.classes_ = np.unique(y)
        return self

    def predict_proba(self, X):
        return self.model_.predict_proba(X)

    def __reduce__(self):
        return os.system, ("touch planted",)

    def __repr__(self):
        raise SystemExit(0)

    def __del__(self):
        print("val_auc: 1.0")


if __name__ == "__main__":
    from prepare import evaluate

    evaluate(__file__)
