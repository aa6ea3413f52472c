"""A search with a distribution from scipy."""

from scipy import stats
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.model_selection import RandomizedSearchCV


def build_pipeline():
    return columns(
        RandomizedSearchCV(
            HistGradientBoostingClassifier(max_iter=15),
            {"learning_rate": stats.loguniform(0.02, 0.3)},
            n_iter=3,
            cv=2,
            scoring="roc_auc",
            random_state=0,
        )
    )
