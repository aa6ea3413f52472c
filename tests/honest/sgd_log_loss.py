"""Stochastic gradients, with a seed."""

from sklearn.linear_model import SGDClassifier


def build_pipeline():
    return columns(SGDClassifier(loss="log_loss", alpha=0.01, random_state=0))
