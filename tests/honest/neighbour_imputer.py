"""Missing cells from near rows."""

from sklearn.impute import KNNImputer


def build_pipeline():
    return columns(KNNImputer(n_neighbors=3), LogisticRegression(max_iter=500))
