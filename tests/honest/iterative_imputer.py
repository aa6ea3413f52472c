"""An experimental imputer that has to be switched on."""

from sklearn.experimental import enable_iterative_imputer  # noqa: F401
from sklearn.impute import IterativeImputer


def build_pipeline():
    return columns(IterativeImputer(max_iter=3, random_state=0), LogisticRegression(max_iter=500))
