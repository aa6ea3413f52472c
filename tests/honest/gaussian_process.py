"""A Gaussian process with a fixed kernel."""

from sklearn.gaussian_process import GaussianProcessClassifier
from sklearn.gaussian_process.kernels import RBF


def build_pipeline():
    return columns(GaussianProcessClassifier(RBF(4.0), optimizer=None))
