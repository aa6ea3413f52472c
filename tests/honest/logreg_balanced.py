"""Class weights."""


def build_pipeline():
    return columns(LogisticRegression(class_weight="balanced", max_iter=1000))
