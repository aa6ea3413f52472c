"""Feature hashing of each row as words."""

from sklearn.feature_extraction import FeatureHasher
from sklearn.preprocessing import FunctionTransformer

HYPOTHESIS = "hashed values"


def as_words(X):
    """Return each row as words like `age=63`."""
    return [[f"{name}={value}" for name, value in row.items()] for row in X.to_dict("records")]


def build_pipeline():
    hashed = FeatureHasher(256, input_type="string")
    return make_pipeline(FunctionTransformer(as_words), hashed, LogisticRegression(C=0.1, max_iter=500))
