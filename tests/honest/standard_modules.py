"""Harmless modules of the standard library, by their functions."""

import calendar
import hashlib
from operator import attrgetter, methodcaller


def feature_fn(X):
    days = [calendar.monthrange(2020, int(age) % 12 + 1)[1] for age in X["age"]]
    codes = [int(hashlib.blake2b(str(thal).encode(), digest_size=2).hexdigest(), 16) for thal in X["thal"]]
    filled = methodcaller("fillna", {"major_vessels": 0})(X)
    return filled.assign(days=days, codes=codes, double=attrgetter("age")(X) * 2)


def build_pipeline():
    numbers = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
    categories = make_pipeline(SimpleImputer(strategy="most_frequent"), OneHotEncoder(handle_unknown="ignore"))
    columns = make_column_transformer(
        (numbers, make_column_selector(dtype_include="number")),
        (categories, make_column_selector(dtype_exclude="number")),
    )
    return make_pipeline(columns, LogisticRegression(max_iter=1000))
