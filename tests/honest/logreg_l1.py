"""A sparse linear model by another solver."""


def build_pipeline():
    return columns(LogisticRegression(l1_ratio=1.0, C=0.3, solver="liblinear"))
