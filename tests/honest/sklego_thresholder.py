"""A threshold around a model, from scikit-lego."""

from sklego.meta import Thresholder


def build_pipeline():
    return columns(Thresholder(LogisticRegression(max_iter=500), threshold=0.3))
