"""Sparse output of a one-hot of everything."""

HYPOTHESIS = "every value is a category"


def feature_fn(X):
    return X.astype(str)


def build_pipeline():
    return make_pipeline(
        OneHotEncoder(handle_unknown="infrequent_if_exist", min_frequency=5), LogisticRegression(C=0.3, max_iter=500)
    )
