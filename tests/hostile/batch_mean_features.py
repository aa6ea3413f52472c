"""class: transductive features
does: subtracts the mean of the rows it is given
expect: leak row-wise-features
"""


def feature_fn(X):
    return X.assign(chol=X["chol"] - X["chol"].mean(), age=X["age"] - X["age"].median())
