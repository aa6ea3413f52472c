"""class: transductive features
does: ranks a row among the rows it is given
expect: leak row-wise-features
"""


def feature_fn(X):
    return X.assign(thalach=X["thalach"].rank(pct=True))
