"""class: transductive features
does: uses the place of a row
expect: leak row-wise-features
"""


def feature_fn(X):
    return X.assign(place=np.arange(len(X)))
