"""A forest that asks for every core."""

from sklearn.ensemble import RandomForestClassifier


def build_pipeline():
    return columns(RandomForestClassifier(n_estimators=40, n_jobs=-1, random_state=3))
