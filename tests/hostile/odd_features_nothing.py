"""class: overridden behaviour
does: returns nothing
expect: crashed
"""


def feature_fn(X):
    return None
