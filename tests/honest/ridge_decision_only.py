"""A classifier with decision_function and no predict_proba."""

from sklearn.linear_model import RidgeClassifier


def build_pipeline():
    return columns(RidgeClassifier(alpha=10.0))
