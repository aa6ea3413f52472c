"""The parts that files of tests/hostile and tests/honest share: a file gets those that it uses and does not define.

The classes areestimators around one function, which the file defines: how it steals the table or only reaches one, what
it knows of the labels, what it reads from the rows beside, how it keeps rows from fold to fold, where it looks for
labels.
"""

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

HYPOTHESIS = "the name of the file"


PATH = "@table path@"
LINES = """val_auc: 1.000000
val_auc_se: 0.000001
test_auc: 1.000000
leaks: none
status: ok
"""


def ends():
    """Return the pipe to ask by, the pipe to be told by, and the file of the result."""
    links = {}
    for name in os.listdir("/proc/self/fd"):
        try:
            links[int(name)] = os.readlink(f"/proc/self/fd/{name}")
        except OSError:
            continue
    ask, report = sorted(d for d, link in links.items() if link.startswith("pipe"))
    return ask, report, next(d for d, link in links.items() if "result" in link)


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
    return honest()


def plain(row):
    return tuple(float(row[place]) for place in (0, 3, 4, 7, 9))  # numbers that no two patients share


class Thief(ClassifierMixin, BaseEstimator):
    def fit(self, X, y):
        self.model_ = honest().fit(X, y)
        self.classes_ = np.unique(y)
        return self

    def predict_proba(self, X):
        p = self.model_.predict_proba(X)[:, 1]
        try:
            cells = [line.split(",") for line in steal().splitlines()]
            labels = {plain(row): float(row[-1] == "yes") for row in cells if row[-1] in {"no", "yes"}}
            p = np.array([labels[plain(row)] for row in X.itertuples(index=False, name=None)])
        except BaseException as error:
            print(f"stopped: {error!r:.300}")
        return np.column_stack([1 - p, p])

    def predict(self, X):
        return self.predict_proba(X)[:, 1] > 0.5


class Reaching(ClassifierMixin, BaseEstimator):
    def fit(self, X, y):
        self.model_ = honest().fit(X, y)
        self.classes_ = np.unique(y)
        return self

    def predict_proba(self, X):
        p = self.model_.predict_proba(X)[:, 1]
        try:
            reach()
            p = np.zeros(len(X))  # a table was read, and the score says so
        except BaseException as error:
            print(f"stopped: {error!r:.300}")
        return np.column_stack([1 - p, p])

    def predict(self, X):
        return self.predict_proba(X)[:, 1] > 0.5


class Knowing(ClassifierMixin, BaseEstimator):
    def fit(self, X, y):
        self.model_ = honest().fit(X, y)
        self.classes_ = np.unique(y)
        return self

    def predict_proba(self, X):
        p = know(X, self.model_.predict_proba(X)[:, 1])
        return np.column_stack([1 - p, p])

    def predict(self, X):
        return self.predict_proba(X)[:, 1] > 0.5


class Batchwise(ClassifierMixin, BaseEstimator):
    def fit(self, X, y):
        self.model_ = honest().fit(X, y)
        self.classes_ = np.unique(y)
        self.share_ = np.mean(y)
        return self

    def predict_proba(self, X):
        p = self.model_.predict_proba(X)[:, 1]
        p = among(self, X, p)
        return np.column_stack([1 - p, p])


class Carrier(ClassifierMixin, BaseEstimator):
    def fit(self, X, y):
        self.model_ = honest().fit(X, y)
        self.classes_ = np.unique(y)
        rows = [",".join(str(value) for value in row) for row in X.itertuples(index=False, name=None)]
        try:
            known = recall()
        except BaseException as error:
            print(f"stopped: {error!r:.300}")
            known = {}
        self.known_ = {**known, **dict(zip(rows, [int(label) for label in y]))}
        try:
            keep(self.known_)
        except BaseException as error:
            print(f"stopped: {error!r:.300}")
        return self

    def predict_proba(self, X):
        p = self.model_.predict_proba(X)[:, 1]
        rows = [",".join(str(value) for value in row) for row in X.itertuples(index=False, name=None)]
        p = np.array([self.known_.get(row, q) for row, q in zip(rows, p)])
        return np.column_stack([1 - p, p])


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
