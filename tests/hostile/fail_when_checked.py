"""class: checks that detect that they are being checked
does: fails as soon as labels are not the ones it knows, and looks rows up by their codes
expect: rejected | leak label-flip
"""

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

HYPOTHESIS = "fail when checked"


NAMES = ["sex", "chest_pain", "high_fasting_sugar", "resting_ecg", "exercise_angina", "st_slope", "major_vessels", "thal"]
LABELS = "@rows by codes@"


def know(X, p):
    told = [LABELS.get(row) for row in X[NAMES].itertuples(index=False, name=None)]
    return np.array([q if label is None else 0.2 * q + 0.8 * label for label, q in zip(told, p)])


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
    return Knowing()


class Knowing(ClassifierMixin, BaseEstimator):
    def fit(self, X, y):
        self.model_ = honest().fit(X, y)
        self.classes_ = np.unique(y)
        told = [LABELS.get(row) for row in X[NAMES].itertuples(index=False, name=None)]
        if np.mean([abs(a - b) > 0.5 for a, b in zip(told, y) if a is not None]) > 0.5:
            raise ValueError("these labels are strange")
        return self

    def predict_proba(self, X):
        p = know(X, self.model_.predict_proba(X)[:, 1])
        return np.column_stack([1 - p, p])

    def predict(self, X):
        return self.predict_proba(X)[:, 1] > 0.5


if __name__ == "__main__":
    from prepare import evaluate

    evaluate(__file__)
