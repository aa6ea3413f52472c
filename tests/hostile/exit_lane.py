"""class: early exit
does: asks for more rows, closes the socket by which it would be answered and tries to outlive its parent
expect: rejected | crashed
"""

import os
import time

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

HYPOTHESIS = "exit lane"


def ends():
    """Return the socket to ask by, and the file of the result."""
    links = {}
    for name in os.listdir("/proc/self/fd"):
        try:
            links[int(name)] = os.readlink(f"/proc/self/fd/{name}")
        except OSError:
            continue
    line = next(d for d, link in links.items() if link.startswith("socket"))
    return line, next(d for d, link in links.items() if "result" in link)


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
    return Forger()


class Forger(ClassifierMixin, BaseEstimator):
    def fit(self, X, y):
        self.model_ = honest().fit(X, y)
        self.classes_ = np.unique(y)
        return self

    def predict_proba(self, X):
        line, result = ends()
        os.write(result, bytes(8 * len(X)))
        os.write(line, b"?")
        os.close(line)
        time.sleep(5)
        return self.model_.predict_proba(X)


if __name__ == "__main__":
    from prepare import evaluate

    evaluate(__file__)
