"""A margin; decision_function only."""

from sklearn.svm import LinearSVC


def build_pipeline():
    return columns(LinearSVC(C=0.05))
