"""Integer codes as categories, by astype(str). The heart table only."""

HYPOTHESIS = "codes are categories"

CODES = ["cp", "restecg", "slope", "ca", "thal"]


def feature_fn(X):
    return X.assign(**{name: X[name].astype(str) for name in CODES})


def build_pipeline():
    return columns(LogisticRegression(C=0.5, max_iter=1000))
