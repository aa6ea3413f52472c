"""The ratio of two kernel densities."""

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.neighbors import KernelDensity
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

HYPOTHESIS = "kernel densities of the classes"


class DensityRatio(ClassifierMixin, BaseEstimator):
    """The log ratio of the classes' densities."""

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        self.densities_ = [KernelDensity(bandwidth=1.5).fit(X[y == label]) for label in self.classes_]
        return self

    def decision_function(self, X):
        first, second = (density.score_samples(X) for density in self.densities_)
        return second - first

    def predict(self, X):
        return self.classes_[(self.decision_function(X) > 0).astype(int)]


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
    return columns(DensityRatio())


if __name__ == "__main__":
    from prepare import evaluate

    evaluate(__file__)
