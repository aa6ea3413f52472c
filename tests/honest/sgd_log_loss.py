"""Stochastic gradients, with a seed."""

from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import SGDClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

HYPOTHESIS = "sgd log loss"


def feature_fn(X):
    return X


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
    return columns(SGDClassifier(loss="log_loss", alpha=0.01, random_state=0))


if __name__ == "__main__":
    from prepare import evaluate

    evaluate(__file__)
