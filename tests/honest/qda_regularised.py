"""A quadratic discriminant."""

from sklearn.discriminant_analysis import QuadraticDiscriminantAnalysis


def build_pipeline():
    return columns(QuadraticDiscriminantAnalysis(reg_param=0.3))
