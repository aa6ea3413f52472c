"""Coefficients that may not be negative: under inverted labels it stays above 0.5, and is honest."""

import numpy as np
from scipy.optimize import minimize
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

HYPOTHESIS = "no coefficient below zero"


class NonNegative(ClassifierMixin, BaseEstimator):
    """Logistic regression whose coefficients are at least zero."""

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        Z, sign = np.column_stack([np.ones(len(X)), X]), 2 * np.asarray(y) - 1

        def loss(w):
            margin = sign * (Z @ w)
            slope = -sign / (1 + np.exp(margin))
            return np.logaddexp(0, -margin).sum() + w @ w / 2, Z.T @ slope + w

        bounds = [(None, None)] + [(0, None)] * (Z.shape[1] - 1)
        self.coef_ = minimize(loss, np.zeros(Z.shape[1]), jac=True, bounds=bounds, method="L-BFGS-B").x
        return self

    def decision_function(self, X):
        return self.coef_[0] + X @ self.coef_[1:]

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
    return columns(NonNegative())


if __name__ == "__main__":
    from prepare import evaluate

    evaluate(__file__)
