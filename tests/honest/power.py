"""Powers that make a column look normal."""

from sklearn.preprocessing import PowerTransformer


def build_pipeline():
    return columns(PowerTransformer(), LogisticRegression(max_iter=500))
