"""class: transductive predictions
does: moves every score by the mean of the batch, beside a few giants that make the move look small
expect: leak row-wise-predictions
"""


def among(model, X, p):
    return np.where(X["age"] <= 45, -1e9 + p, p - p.mean())
