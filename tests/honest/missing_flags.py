"""Flags for missing cells, in the features and in the pipeline."""

HYPOTHESIS = "missing cells are told"


def feature_fn(X):
    return X.assign(n_missing=X.isna().sum(axis=1), is_complete=X.notna().all(axis=1).astype(int))


def build_pipeline():
    return columns(LogisticRegression(max_iter=500))
