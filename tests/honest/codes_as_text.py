"""Integer codes as categories, by astype(str). The heart table only."""

from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

HYPOTHESIS = "codes are categories"

CODES = ["high_fasting_sugar", "exercise_angina", "major_vessels", "thal"]


def feature_fn(X):
    return X.assign(**{name: X[name].astype(str) for name in CODES})


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
