"""A forest whose author forgot the seed: the harness sets one."""

from sklearn.ensemble import RandomForestClassifier


def build_pipeline():
    return columns(RandomForestClassifier(n_estimators=40))
