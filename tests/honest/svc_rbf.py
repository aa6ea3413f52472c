"""A kernel machine; decision_function only."""

from sklearn.svm import SVC


def build_pipeline():
    return columns(SVC(C=1.0, gamma="scale"))
