"""A filled-in value that looks like a name of Python's: __missing__."""


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


HYPOTHESIS = "缺失值作为一个类别 — missing as a word of its own"  # 注释：中文


def feature_fn(X):
    return X.assign(thal=X["thal"].fillna("__missing__"))
