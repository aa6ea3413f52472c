"""A grid searched inside, by inner folds."""

from sklearn.model_selection import GridSearchCV


def build_pipeline():
    return columns(
        GridSearchCV(LogisticRegression(max_iter=500), {"C": [0.01, 0.1, 1.0]}, scoring="roc_auc", cv=3, n_jobs=-1)
    )
