"""class: transductive features
does: looks at other rows only after it was fitted
expect: leak row-wise-predictions
"""


CALLS = []


def feature_fn(X):
    CALLS.append(len(X))
    if len(CALLS) == 1:
        return X
    return X.assign(st_depression=X["st_depression"] - X["st_depression"].mean())
