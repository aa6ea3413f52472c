"""Every pair of columns."""

from sklearn.preprocessing import PolynomialFeatures


def build_pipeline():
    return columns(PolynomialFeatures(2, interaction_only=True), LogisticRegression(C=0.01, max_iter=2000))
