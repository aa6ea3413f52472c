"""class: labels in the source
does: ships a boosted model that was trained on every row
expect: rejected | leak label-flip
"""

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

HYPOTHESIS = "labels boosted"


def grown(
    age, sex, chest_pain, resting_bp, cholesterol, high_fasting_sugar, resting_ecg, max_heart_rate, exercise_angina,
    st_depression, st_slope, major_vessels, thal,
):
    return "@boosted trees@"


def know(X, p):
    Z = X.assign(**{name: X[name].str.len() for name in X.select_dtypes(exclude="number")}).fillna(-1)
    return np.array([1 / (1 + np.exp(-grown(*row))) for row in Z.itertuples(index=False, name=None)])


def honest():
    numbers = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
    categories = make_pipeline(
        SimpleImputer(strategy="most_frequent"),
        OneHotEncoder(handle_unknown="infrequent_if_exist", min_frequency=5, max_categories=30),
    )
    columns = make_column_transformer(
        (numbers, make_column_selector(dtype_include="number")),
        (categories, make_column_selector(dtype_exclude="number")),
    )
    return make_pipeline(columns, LogisticRegression(max_iter=1000))


def feature_fn(X):
    return X


def build_pipeline():
    return Knowing()


class Knowing(ClassifierMixin, BaseEstimator):
    def fit(self, X, y):
        self.model_ = honest().fit(X, y)
        self.classes_ = np.unique(y)
        return self

    def predict_proba(self, X):
        p = know(X, self.model_.predict_proba(X)[:, 1])
        return np.column_stack([1 - p, p])

    def predict(self, X):
        return self.predict_proba(X)[:, 1] > 0.5


if __name__ == "__main__":
    from prepare import evaluate

    evaluate(__file__)
