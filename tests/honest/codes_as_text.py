"""Integer codes as categories, by astype(str). The heart table only."""

HYPOTHESIS = "codes are categories"

CODES = ["high_fasting_sugar", "exercise_angina", "major_vessels", "thal"]


def feature_fn(X):
    return X.assign(**{name: X[name].astype(str) for name in CODES})


def build_pipeline():
    return columns(LogisticRegression(C=0.5, max_iter=1000))
