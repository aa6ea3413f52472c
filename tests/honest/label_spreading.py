"""A semi-supervised model that is given no unlabelled rows."""

from sklearn.semi_supervised import LabelSpreading


def build_pipeline():
    return columns(LabelSpreading(kernel="knn", n_neighbors=9))
