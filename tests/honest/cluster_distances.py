"""Distances to clusters of the training rows."""

from sklearn.cluster import KMeans


def build_pipeline():
    return columns(KMeans(8, n_init=1, random_state=0), LogisticRegression(max_iter=500))
