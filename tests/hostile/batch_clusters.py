"""class: transductive predictions
does: clusters the rows it scores
expect: leak row-wise-predictions
"""

from sklearn.cluster import KMeans

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

HYPOTHESIS = "batch clusters"


def among(model, X, p):
    found = KMeans(4, n_init=1, random_state=0).fit_predict(X[["age", "max_heart_rate", "st_depression"]])
    return p + 0.1 * np.array([p[found == k].mean() for k in found])


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
    return Batchwise()


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


if __name__ == "__main__":
    from prepare import evaluate

    evaluate(__file__)
