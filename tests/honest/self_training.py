"""Self-training inside fit, where it is allowed."""

from sklearn.semi_supervised import SelfTrainingClassifier


def build_pipeline():
    return columns(SelfTrainingClassifier(LogisticRegression(max_iter=500)))
