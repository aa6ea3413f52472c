"""Trees cut at random."""

from sklearn.ensemble import ExtraTreesClassifier


def build_pipeline():
    return columns(ExtraTreesClassifier(n_estimators=40, min_samples_leaf=2, random_state=3))
