"""class: overridden behaviour
does: returns fewer rows than it was given
expect: crashed
"""


def feature_fn(X):
    return X[X["age"] < 60]
