"""class: state from fold to fold
does: lets joblib keep what it learned on disk
expect: rejected | crashed
"""

from joblib import Memory

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

HYPOTHESIS = "carry joblib"


memory = Memory("/tmp/joblib_known", verbose=0)
known_rows = {}


@memory.cache
def remember(key):
    return dict(known_rows)


def keep(known):
    known_rows.update(known)
    remember(1)


def recall():
    return remember(1)


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
    return Carrier()


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


if __name__ == "__main__":
    from prepare import evaluate

    evaluate(__file__)
