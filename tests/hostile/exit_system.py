"""class: early exit
does: leaves with exit status 0
expect: crashed
"""


def feature_fn(X):
    raise SystemExit(0)
