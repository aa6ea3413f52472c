"""class: early exit
does: calls itself for ever
expect: crashed
"""


def feature_fn(X):
    return feature_fn(X)
