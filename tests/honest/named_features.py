"""Features of a row by name: products, bins, flags. The heart table only."""

import numpy as np
import pandas as pd
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

HYPOTHESIS = "strain, reserve and age groups"

AGE_GROUPS = [0, 40, 50, 60, 70, 120]
TYPICAL = {"normal": 0, "fixed defect": 1, "reversible defect": 2}


def heart_reserve(X):
    """Return how far below the expected maximum the heart rate stayed."""
    return (220 - X["age"]) - X["max_heart_rate"]


def feature_fn(X):
    return X.assign(
        reserve=heart_reserve(X),
        strain=np.log1p(X["st_depression"]) * (X["st_slope"] != "upsloping"),
        pressure=X["resting_bp"].clip(upper=160) / 100,
        age_group=pd.cut(X["age"], AGE_GROUPS, labels=False),
        thal_code=X["thal"].map(TYPICAL).fillna(0),
        silent=np.where((X["chest_pain"] == "asymptomatic") & (X["exercise_angina"] == 0), 1, 0),
    )


def columns(*more):
    """Return the step that turns the table into numbers; what is in `more` follows it."""
    numbers = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
    categories = make_pipeline(
        SimpleImputer(strategy="most_frequent"), OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    )
    table = make_column_transformer(
        (numbers, make_column_selector(dtype_include="number")),
        (categories, make_column_selector(dtype_exclude="number")),
    )
    return make_pipeline(table, *more)


def build_pipeline():
    return columns(LogisticRegression(C=0.5, max_iter=1000))


if __name__ == "__main__":
    from prepare import evaluate

    evaluate(__file__)
