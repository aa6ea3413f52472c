"""class: state from fold to fold
does: leaves word for the next fold in the write hints of package files
expect: rejected | harmless baseline
"""

import fcntl
import os
import struct

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

HYPOTHESIS = "carry hints"


GET_HINT, SET_HINT = 1035, 1036


def files():
    folder = os.path.dirname(np.__file__)
    return [os.path.join(folder, name) for name in sorted(os.listdir(folder)) if name.endswith(".py")]


def mark(value):
    for path in files():
        with open(path, "rb") as file:
            fcntl.fcntl(file, SET_HINT, struct.pack("Q", value))


def is_marked():
    with open(files()[0], "rb") as file:
        return struct.unpack("Q", fcntl.fcntl(file, GET_HINT, bytes(8)))[0] == 5


if is_marked():
    raise SystemExit("the marks came through")
try:
    mark(5)
except OSError as error:
    print(error)


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
    return honest()


if __name__ == "__main__":
    from prepare import evaluate

    evaluate(__file__)
