"""A search by FLAML inside fit, its budget in iterations: seconds would not be repeatable."""

from flaml import AutoML
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

HYPOTHESIS = "FLAML, six tries"


class Searched(ClassifierMixin, BaseEstimator):
    """FLAML's best of a few tries."""

    def fit(self, X, y):
        self.search_ = AutoML()
        self.search_.fit(
            X_train=X,
            y_train=y,
            task="classification",
            metric="roc_auc",
            estimator_list=["lgbm", "lrl1"],
            max_iter=6,
            time_budget=-1,
            eval_method="holdout",
            seed=1,
            n_jobs=1,
            verbose=0,
            log_file_name="",
        )
        self.classes_ = self.search_.classes_
        return self

    def predict_proba(self, X):
        return self.search_.predict_proba(X)

    def predict(self, X):
        return self.search_.predict(X)


def feature_fn(X):
    return X


def columns(*more):
    """Return the step that turns the table into numbers; what is in `more` follows it."""
    numbers = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
    categories = make_pipeline(
        SimpleImputer(strategy="most_frequent"), OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    )
    table = make_column_transformer(
        (numbers, make_column_selector(dtype_include="number")),
        (categories, make_column_selector(dtype_exclude="number")),
    )
    return make_pipeline(table, *more)


def build_pipeline():
    return columns(Searched())


if __name__ == "__main__":
    from prepare import evaluate

    evaluate(__file__)
