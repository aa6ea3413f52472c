"""Local names, parameters and attributes that are called like builtins of Python."""


class Prices:
    open = "resting_bp"

    @property
    def input(self):
        return "cholesterol"


def ratio(input, vars=1.0):
    return input * vars


def feature_fn(X):
    open = X[Prices.open]
    close = X[Prices().input]
    return X.assign(ratio=ratio(open / close), **{f"{help}_half": X[help] / 2 for help in ("age", "max_heart_rate")})


def build_pipeline():
    numbers = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
    categories = make_pipeline(SimpleImputer(strategy="most_frequent"), OneHotEncoder(handle_unknown="ignore"))
    columns = make_column_transformer(
        (numbers, make_column_selector(dtype_include="number")),
        (categories, make_column_selector(dtype_exclude="number")),
    )
    return make_pipeline(columns, LogisticRegression(max_iter=1000))
