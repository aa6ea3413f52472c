"""A feature_fn that returns a numpy array. The heart table only."""

HYPOTHESIS = "four numbers as an array"


def feature_fn(X):
    return np.column_stack([X["age"], X["thalach"], X["oldpeak"], X["ca"] * X["cp"]])


def build_pipeline():
    return make_pipeline(StandardScaler(), LogisticRegression())
