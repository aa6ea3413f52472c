"""The one file that changes: a hypothesis, the features, the model.

`uv run train.py` measures it. Everything outside HYPOTHESIS, PREDICTION, feature_fn, build_pipeline and the imports and
helpers they need is frozen, this docstring included.
"""

HYPOTHESIS: str = "基线：数值列先标准化，再做逻辑回归；类别列按独热编码，缺失值以中位数或众数填补。小样本下，简单的线性模型往往难以超越，因此每个新想法都应当与它比较，并且只在交叉验证的平均得分严格更高时才予保留"


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
    return make_pipeline(columns, LogisticRegression(max_iter=1000))
