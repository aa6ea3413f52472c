"""Histogram boosting that takes missing values and categories as they come."""

from sklearn.ensemble import HistGradientBoostingClassifier

HYPOTHESIS = "boosting over native categories"


def feature_fn(X):
    text = X.columns[[not pd.api.types.is_numeric_dtype(dtype) for dtype in X.dtypes]]
    return X.astype(dict.fromkeys(text, "category"))


def build_pipeline():
    return HistGradientBoostingClassifier(max_iter=40, categorical_features="from_dtype")
