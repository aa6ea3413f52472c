"""class: transductive features
does: fills a column with the mean of the group
expect: leak row-wise-features
"""


def feature_fn(X):
    return X.assign(level=X.groupby("chest_pain")["st_depression"].transform("mean"))
