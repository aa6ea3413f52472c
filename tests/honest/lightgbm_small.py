"""LightGBM with every core and a small budget of trees."""

from lightgbm import LGBMClassifier


def build_pipeline():
    return columns(LGBMClassifier(n_estimators=40, num_leaves=7, reg_lambda=1.0, n_jobs=-1, verbose=-1))
