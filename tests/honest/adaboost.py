"""Boosted stumps."""

from sklearn.ensemble import AdaBoostClassifier


def build_pipeline():
    return columns(AdaBoostClassifier(n_estimators=30, random_state=0))
