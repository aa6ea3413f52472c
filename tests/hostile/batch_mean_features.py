"""class: transductive features
does: subtracts the mean of the rows it is given
expect: leak row-wise-features
"""


def feature_fn(X):
    return X.assign(cholesterol=X["cholesterol"] - X["cholesterol"].mean(), age=X["age"] - X["age"].median())
