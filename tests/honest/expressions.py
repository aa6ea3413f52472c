"""Columns that are written as texts for pandas, with numbers that end in a point."""


def feature_fn(X):
    X = X.eval("half_age = age / 2.\nreserve = 220. - age - max_heart_rate")
    return X.assign(is_risky=X.index.isin(X.query("cholesterol > 200. and age > 50").index) * 1.0)


def build_pipeline():
    numbers = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
    categories = make_pipeline(SimpleImputer(strategy="most_frequent"), OneHotEncoder(handle_unknown="ignore"))
    columns = make_column_transformer(
        (numbers, make_column_selector(dtype_include="number")),
        (categories, make_column_selector(dtype_exclude="number")),
    )
    return make_pipeline(columns, LogisticRegression(max_iter=1000))
