"""Touch the lazy parts of the libraries once, on toy data, before any fold is forked.

Without it every fold pays for them again: 37 instead of 22 ms of CPU on the table of 303 rows.
"""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
from sklearn.compose import make_column_selector, make_column_transformer
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
    model = make_pipeline(columns, LogisticRegression())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.fit(X, (X["number"] > 0).to_numpy().astype(int)).predict_proba(X)
