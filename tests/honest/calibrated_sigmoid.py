"""Sigmoid calibration of one model, not of an ensemble of them."""

from sklearn.calibration import CalibratedClassifierCV
from sklearn.svm import LinearSVC


def build_pipeline():
    return columns(CalibratedClassifierCV(LinearSVC(C=0.1), cv=3, ensemble=False))
