"""Monotone LightGBM."""

from lightgbm import LGBMClassifier
from sklearn.feature_selection import SelectKBest

HYPOTHESIS = "risk may only rise with each column"


def build_pipeline():
    rising = LGBMClassifier(n_estimators=40, num_leaves=7, monotone_constraints=[1, 1, 1], verbose=-1)
    return columns(SelectKBest(k=3), rising)
