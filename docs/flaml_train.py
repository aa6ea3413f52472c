"""The one file that changes: a hypothesis, the features, the model.

`uv run train.py` measures it. Everything outside HYPOTHESIS, PREDICTION, feature_fn, build_pipeline and the imports and
helpers they need is frozen, this docstring included.
"""

from flaml import AutoML
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

HYPOTHESIS = "FLAML searches 12 settings of two model families inside fit"


def feature_fn(X):
    """Return the features of each row of X; what a row becomes depends on that row alone."""
    return X


def build_pipeline():
    """Return a fresh, unfitted classifier; everything learned from rows lives in here."""
    numbers = make_pipeline(SimpleImputer(strategy="median"), StandardScaler())
    categories = make_pipeline(
        SimpleImputer(strategy="most_frequent"),
        OneHotEncoder(handle_unknown="infrequent_if_exist", min_frequency=5, max_categories=30),
    )
    columns = make_column_transformer(
        (numbers, make_column_selector(dtype_include="number")),
        (categories, make_column_selector(dtype_exclude="number")),
    )
    search = AutoML(
        task="classification",
        metric="roc_auc",
        estimator_list=["lgbm", "lrl1"],
        max_iter=12,  # tries, not seconds: the clock never repeats
        time_budget=-1,
        seed=1,
        n_jobs=1,  # one thread a worker
        verbose=0,
        log_file_name="",  # no file is written
    )
    return make_pipeline(columns, search)


if __name__ == "__main__":
    from prepare import evaluate

    evaluate(__file__)
