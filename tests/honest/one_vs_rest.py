"""One-vs-rest around a linear model."""

from sklearn.multiclass import OneVsRestClassifier

HYPOTHESIS = "one against the rest"


def build_pipeline():
    return columns(OneVsRestClassifier(LogisticRegression(max_iter=500)))
