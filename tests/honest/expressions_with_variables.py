"""Texts of pandas with variables, methods of columns and cells with points, and hints that are quoted."""

from functools import singledispatch
from typing import Literal

LIMIT = 200
RULE = "cholesterol > @LIMIT and thal.isin(['fixed defect', 'St. Louis'])"


@singledispatch
def clean(value):
    return value


@clean.register(str)
def _(value: str) -> str:
    return value.strip()


def flag(X: "pd.DataFrame", rule: str, how: Literal["log(x)", "as is"] = "as is") -> "pd.Series":
    return pd.Series(X.index.isin(X.query(RULE).index), index=X.index)


def feature_fn(X: pd.DataFrame) -> pd.DataFrame:
    return X.assign(is_high=flag(X, RULE) * 1.0, thal=X["thal"].map(clean))


def build_pipeline():
    numbers = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
    categories = make_pipeline(SimpleImputer(strategy="most_frequent"), OneHotEncoder(handle_unknown="ignore"))
    columns = make_column_transformer(
        (numbers, make_column_selector(dtype_include="number")),
        (categories, make_column_selector(dtype_exclude="number")),
    )
    return make_pipeline(columns, LogisticRegression(max_iter=1000))
