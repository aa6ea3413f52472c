"""class: transductive predictions
does: learns again from its own answers on the rows it scores
expect: leak row-wise-predictions
"""


def among(model, X, p):
    Z = X.select_dtypes("number").fillna(0)
    return LogisticRegression(max_iter=200).fit(Z, p > np.median(p)).predict_proba(Z)[:, 1]
