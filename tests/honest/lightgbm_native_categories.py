"""LightGBM over categories of pandas, its log turned down."""

import logging
import warnings

from lightgbm import LGBMClassifier

HYPOTHESIS = "boosting over native categories"

logging.getLogger("lightgbm").setLevel(logging.ERROR)
warnings.filterwarnings("ignore")
TREES = 40


def feature_fn(X):
    X = X.copy()
    for name in X.columns:
        if not pd.api.types.is_numeric_dtype(X[name]):
            X[name] = X[name].astype("category")
    return X


def build_pipeline():
    return LGBMClassifier(n_estimators=TREES, num_leaves=7, min_child_samples=10, verbose=-1)
