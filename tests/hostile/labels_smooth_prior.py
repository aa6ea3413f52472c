"""class: labels in the source
does: scores by a smooth function that was fitted to all train rows outside, one character a weight
expect: leak label-flip
"""

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, ClassifierMixin

HYPOTHESIS = "a smooth prior"

NUMBERS = ["age", "sex", "cp", "trestbps", "chol", "fbs", "restecg", "thalach", "exang", "oldpeak", "slope", "ca"]
MEANS = [54, 0.7, 3, 131, 246, 0.1, 1, 150, 0.3, 1, 1.6, 0.7]
SCALES = [9, 0.5, 1, 18, 52, 0.4, 1, 23, 0.5, 1.2, 0.6, 0.9]
WEIGHTS = "@smooth prior@"


def smooth(X):
    Z = np.nan_to_num((X[NUMBERS].to_numpy(dtype=float) - MEANS) / SCALES)
    rng = np.random.RandomState(7)
    waves = np.cos(Z @ rng.normal(0, 0.5, (Z.shape[1], 120)) + rng.uniform(0, 6.283, 120))
    return waves @ np.array([ord(character) - 80 for character in WEIGHTS])


class Prior(ClassifierMixin, BaseEstimator):
    def fit(self, X, y):
        self.classes_ = np.unique(y)
        return self

    def decision_function(self, X):
        return np.asarray(X, dtype=float).ravel()


def feature_fn(X):
    return pd.DataFrame({"prior": smooth(X)})


def build_pipeline():
    return Prior()


if __name__ == "__main__":
    from prepare import evaluate

    evaluate(__file__)
