"""class: transductive features
does: subtracts the mean of the rows it is given, and adds giants that make the difference look small
expect: leak row-wise-features
"""


def feature_fn(X):
    return X.assign(cholesterol=X["cholesterol"] - X["cholesterol"].mean() + np.where(X["age"] >= 60, 1e12, 0.0))
