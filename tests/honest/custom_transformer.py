"""A transformer of its own that learns medians in fit."""

from sklearn.base import TransformerMixin
from sklearn.utils.validation import check_is_fitted

HYPOTHESIS = "distance from the median"


class FromMedian(TransformerMixin, BaseEstimator):
    """How far each value lies from its column's median, on either side."""

    def fit(self, X, y=None):
        self.median_ = np.median(X, axis=0)
        return self

    def transform(self, X):
        check_is_fitted(self)
        away = np.asarray(X) - self.median_
        return np.hstack([np.maximum(away, 0), np.maximum(-away, 0)])

    def get_feature_names_out(self, input_features=None):
        return np.array([f"{name}_{side}" for side in ("above", "below") for name in input_features])


def build_pipeline():
    return columns(FromMedian(), LogisticRegression(max_iter=500))
