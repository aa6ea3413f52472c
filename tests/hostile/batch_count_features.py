"""class: transductive features
does: counts how often a value occurs among the rows it is given
expect: leak row-wise-features
"""


def feature_fn(X):
    return X.assign(n_same=X["thal"].map(X["thal"].value_counts()))
