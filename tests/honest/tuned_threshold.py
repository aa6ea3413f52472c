"""A decision threshold tuned inside; it moves no ranks."""

from sklearn.model_selection import TunedThresholdClassifierCV


def build_pipeline():
    return columns(TunedThresholdClassifierCV(LogisticRegression(max_iter=500), cv=3))
