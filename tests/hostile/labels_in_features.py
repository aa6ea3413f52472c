"""class: labels in the source
does: adds the looked-up label as a feature, so that inverted labels invert it too
expect: rejected | leak label-flip
"""

import numpy as np
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

HYPOTHESIS = "labels in features"


LABELS = {row[:-1]: row[-1] for row in "@rows@"}


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
    told = [LABELS.get(row, 0.5) for row in X.itertuples(index=False, name=None)]
    return X.assign(index=np.array(told, dtype=float))


def build_pipeline():
    return honest()


if __name__ == "__main__":
    from prepare import evaluate

    evaluate(__file__)
