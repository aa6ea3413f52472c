"""Load the lazy parts of the libraries once, by fits on toy data, before any fold is forked.

Without it every fold loads them again: 37 instead of 22 ms of CPU on the table of 303 rows. All fits must use one
thread: a library that has used several threads before a fork hangs in the child.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pandas as pd
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler


def warm_up() -> None:
    """Fit and score one small pipeline over numbers and categories."""
    rng = np.random.default_rng(0)
    X = pd.DataFrame({"number": rng.normal(size=60), "text": rng.choice(["a", "b"], size=60)})
    columns = make_column_transformer(
        (make_pipeline(SimpleImputer(), StandardScaler()), make_column_selector(dtype_include="number")),
        (
            make_pipeline(SimpleImputer(strategy="most_frequent"), OneHotEncoder()),
            make_column_selector(dtype_exclude="number"),
        ),
    )
    y = (X["number"] > 0).to_numpy().astype(int)
    models = [LogisticRegression(), HistGradientBoostingClassifier(max_iter=2), RandomForestClassifier(2), *_boosters()]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for model in models:
            make_pipeline(columns, model).fit(X, y).predict_proba(X)


def _boosters() -> list[Any]:
    from lightgbm import LGBMClassifier
    from xgboost import XGBClassifier

    return [LGBMClassifier(n_estimators=2, verbose=-1), XGBClassifier(n_estimators=2)]
