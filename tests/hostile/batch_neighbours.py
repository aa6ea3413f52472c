"""class: transductive predictions
does: averages each score with those of the nearest rows it scores
expect: leak row-wise-predictions
"""


def among(model, X, p):
    from sklearn.neighbors import NearestNeighbors

    Z = X.select_dtypes("number").fillna(0)
    near = NearestNeighbors(n_neighbors=5).fit(Z).kneighbors(Z, return_distance=False)
    return p[near].mean(axis=1)
