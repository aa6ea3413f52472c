"""class: overridden behaviour
does: returns the rows in another order
expect: leak row-wise-features
"""


def feature_fn(X):
    return X.sort_values("age").reset_index(drop=True)
