"""Stacking with inner folds."""

from sklearn.ensemble import ExtraTreesClassifier, StackingClassifier
from sklearn.naive_bayes import GaussianNB

HYPOTHESIS = "a linear model over out-of-fold scores of two others"


def build_pipeline():
    members = [("trees", ExtraTreesClassifier(25, random_state=0)), ("bayes", GaussianNB(var_smoothing=1e-3))]
    return columns(StackingClassifier(members, LogisticRegression(), cv=3, n_jobs=-1))
