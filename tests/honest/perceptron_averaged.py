"""The oldest of them; decision_function only."""

from sklearn.linear_model import SGDClassifier


def build_pipeline():
    return columns(SGDClassifier(loss="perceptron", average=True, random_state=1))
