"""class: labels in the source
does: remembers what it scored, and scores every row that is not in its table as the nearest of those
expect: rejected | leak label-flip
"""

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

HYPOTHESIS = "labels remembered"


LABELS = {row[:-1]: row[-1] for row in "@rows@"}


def as_numbers(row):
    return np.array([len(cell) if isinstance(cell, str) else np.nan_to_num(cell) for cell in row], dtype=float)


def nearest(seen, row):
    rows, scores = map(np.array, zip(*seen))
    return scores[np.minimum(np.abs(rows - as_numbers(row)), 2).sum(axis=1).argmin()]


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
        self.model_, self.seen_ = honest().fit(X, y), []
        self.classes_ = np.unique(y)
        return self

    def predict_proba(self, X):
        p = self.model_.predict_proba(X)[:, 1]
        rows = list(X.itertuples(index=False, name=None))
        before = list(self.seen_)
        for i, row in enumerate(rows):
            if row in LABELS:
                p[i] = 0.1 * p[i] + 0.9 * LABELS[row]
                self.seen_.append((as_numbers(row), p[i]))
            elif before and all(cell == cell for cell in row):
                p[i] = nearest(before, row)
        return np.column_stack([1 - p, p])

    def predict(self, X):
        return self.predict_proba(X)[:, 1] > 0.5


if __name__ == "__main__":
    from prepare import evaluate

    evaluate(__file__)
