"""The first of the boosters."""

from sklearn.ensemble import GradientBoostingClassifier


def build_pipeline():
    return columns(GradientBoostingClassifier(n_estimators=40, subsample=0.7, random_state=0))
