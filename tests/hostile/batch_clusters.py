"""class: transductive predictions
does: clusters the rows it scores
expect: leak row-wise-predictions
"""

from sklearn.cluster import KMeans


def among(model, X, p):
    found = KMeans(4, n_init=1, random_state=0).fit_predict(X[["age", "max_heart_rate", "st_depression"]])
    return p + 0.1 * np.array([p[found == k].mean() for k in found])
