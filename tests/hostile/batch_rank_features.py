"""class: transductive features
does: ranks a row among the rows it is given
expect: leak row-wise-features
"""


def feature_fn(X):
    return X.assign(max_heart_rate=X["max_heart_rate"].rank(pct=True))
