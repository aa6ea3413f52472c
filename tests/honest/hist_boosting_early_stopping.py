"""Early stopping on an inner split."""

from sklearn.ensemble import HistGradientBoostingClassifier


def build_pipeline():
    return columns(
        HistGradientBoostingClassifier(early_stopping=True, validation_fraction=0.2, n_iter_no_change=5, random_state=0)
    )
