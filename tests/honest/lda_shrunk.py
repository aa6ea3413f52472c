"""A discriminant with shrinkage."""

from sklearn.discriminant_analysis import LinearDiscriminantAnalysis


def build_pipeline():
    return columns(LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto"))
