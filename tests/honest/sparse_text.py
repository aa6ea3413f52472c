"""Sparse output of a one-hot of everything."""

from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

HYPOTHESIS = "every value is a category"


def feature_fn(X):
    return X.astype(str)


def build_pipeline():
    return make_pipeline(
        OneHotEncoder(handle_unknown="infrequent_if_exist", min_frequency=5), LogisticRegression(C=0.3, max_iter=500)
    )


if __name__ == "__main__":
    from prepare import evaluate

    evaluate(__file__)
