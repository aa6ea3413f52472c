"""class: budget evasion
does: computes for ever
expect: timeout
"""


def feature_fn(X):
    while True:
        pass
