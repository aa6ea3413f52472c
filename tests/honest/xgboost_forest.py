"""XGBoost as a random forest, asking for every core."""

from xgboost import XGBRFClassifier


def build_pipeline():
    return columns(XGBRFClassifier(n_estimators=40, max_depth=4, n_jobs=-1, random_state=0))
