"""class: forged output
does: writes scores that are not finite into the result itself
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

HYPOTHESIS = "forged infinity"


def ends():
    """Return the pipe to ask by, the pipe to be told by, and the file of the result."""
    links = {}
    for name in os.listdir("/proc/self/fd"):
        try:
            links[int(name)] = os.readlink(f"/proc/self/fd/{name}")
        except OSError:
            continue
    ask, told = sorted(d for d, link in links.items() if link.startswith("pipe"))
    return ask, told, next(d for d, link in links.items() if "result" in link)


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
        ask, told, result = ends()
        os.write(result, np.full(len(X), np.nan).tobytes())
        os.write(ask, b"?")
        time.sleep(0.3)
        os.write(result, np.full(10 * len(X), -np.inf).tobytes())
        os.ftruncate(result, 1 + 8 * (len(X) + self.n_probes(X)))
        os._exit(0)

    def n_probes(self, X):
        return 6 * len(X)


if __name__ == "__main__":
    from prepare import evaluate

    evaluate(__file__)
