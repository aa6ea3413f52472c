"""A feature_fn that returns a numpy array. The heart table only."""

HYPOTHESIS = "four numbers as an array"


def feature_fn(X):
    return np.column_stack(
        [X["age"], X["max_heart_rate"], X["st_depression"], X["major_vessels"].fillna(0) * X["exercise_angina"]]
    )


def build_pipeline():
    return make_pipeline(StandardScaler(), LogisticRegression())
