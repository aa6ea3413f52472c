"""A penalty chosen inside, by inner folds."""

from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegressionCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

HYPOTHESIS = "logreg cv"


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
    return columns(
        LogisticRegressionCV(Cs=5, cv=3, max_iter=500, use_legacy_attributes=False, l1_ratios=(0,), scoring="roc_auc")
    )


if __name__ == "__main__":
    from prepare import evaluate

    evaluate(__file__)
