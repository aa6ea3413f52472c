"""Columns chosen inside the pipeline."""

from sklearn.ensemble import ExtraTreesClassifier
from sklearn.feature_selection import SelectFromModel


def build_pipeline():
    return columns(SelectFromModel(ExtraTreesClassifier(20, random_state=0)), LogisticRegression(max_iter=500))
