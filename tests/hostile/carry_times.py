"""class: state from fold to fold
does: leaves marks in the access and change times of files
expect: rejected | harmless baseline
"""

import os
import pathlib
import tempfile

import numpy as np
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

HYPOTHESIS = "carry times"


FOLDERS = [pathlib.Path(np.__file__).parent, pathlib.Path(tempfile.gettempdir()).parent, pathlib.Path("@repo@")]
PATHS = [path for folder in FOLDERS for path in [folder, folder / "__init__.py", folder / "README.md"]]
for path in PATHS:
    try:
        if path.stat().st_mtime == 4711:
            raise SystemExit("the marks came through")
        os.utime(path, (4711, 4711))
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
