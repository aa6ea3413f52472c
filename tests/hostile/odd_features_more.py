"""class: overridden behaviour
does: returns more rows than it was given
expect: crashed
"""


def feature_fn(X):
    return pd.concat([X, X])
