"""Bagging, asking for two jobs."""

from sklearn.ensemble import BaggingClassifier
from sklearn.tree import DecisionTreeClassifier


def build_pipeline():
    return columns(BaggingClassifier(DecisionTreeClassifier(), n_estimators=20, n_jobs=2, random_state=0))
