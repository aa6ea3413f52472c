"""Columns dropped one by one."""

from sklearn.feature_selection import RFE


def build_pipeline():
    return columns(RFE(LogisticRegression(max_iter=500), n_features_to_select=3), LogisticRegression(max_iter=500))
