"""class: overridden behaviour
does: returns an object with the right shape and nothing in it
expect: crashed
"""


class Hollow:
    def __init__(self, X):
        self.shape = X.shape


def feature_fn(X):
    return Hollow(X)


def build_pipeline():
    return honest()
