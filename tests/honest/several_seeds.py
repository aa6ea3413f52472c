"""The mean of three seeds."""

from lightgbm import LGBMClassifier
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.ensemble import VotingClassifier
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

HYPOTHESIS = "three seeds of one booster"

SEEDS = (1, 2, 3)


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
    members = [
        (
            f"seed{seed}",
            LGBMClassifier(
                n_estimators=20, num_leaves=5, subsample=0.7, subsample_freq=1, random_state=seed, verbose=-1
            ),
        )
        for seed in SEEDS
    ]
    return columns(VotingClassifier(members, voting="soft"))


if __name__ == "__main__":
    from prepare import evaluate

    evaluate(__file__)
