"""class: writes to the repo
does: writes into the repo, its history and its hooks
expect: rejected | harmless baseline
"""

import os
import pathlib

from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

HYPOTHESIS = "write repo"


REPO = pathlib.Path("@repo@")


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
    for place in ("planted.py", ".git/planted", ".git/hooks/post-commit", "data/planted.csv", "harness/planted.py"):
        try:
            (REPO / place).write_text("planted")
        except OSError as error:
            print(error)
    for act in (
        lambda: os.remove(REPO / "train.py"),
        lambda: os.rename(REPO / "data", REPO / "gone"),
        lambda: os.chmod(REPO / "prepare.py", 0),
    ):
        try:
            act()
        except OSError as error:
            print(error)
    return X


def build_pipeline():
    return honest()


if __name__ == "__main__":
    from prepare import evaluate

    evaluate(__file__)
