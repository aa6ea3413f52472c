"""Local names, parameters and attributes that are called like builtins of Python."""

from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

HYPOTHESIS = "names of builtins"


class Prices:
    open = "trestbps"

    @property
    def input(self):
        return "chol"


def ratio(input, vars=1.0):
    return input * vars


def feature_fn(X):
    open = X[Prices.open]
    close = X[Prices().input]
    return X.assign(ratio=ratio(open / close), **{f"{help}_half": X[help] / 2 for help in ("age", "thalach")})


def build_pipeline():
    numbers = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
    categories = make_pipeline(SimpleImputer(strategy="most_frequent"), OneHotEncoder(handle_unknown="ignore"))
    columns = make_column_transformer(
        (numbers, make_column_selector(dtype_include="number")),
        (categories, make_column_selector(dtype_exclude="number")),
    )
    return make_pipeline(columns, LogisticRegression(max_iter=1000))


if __name__ == "__main__":
    from prepare import evaluate

    evaluate(__file__)
