"""A classifier that says the same of everyone: AUC 0.5, and honest."""

from sklearn.dummy import DummyClassifier


def build_pipeline():
    return columns(DummyClassifier(strategy="prior"))
