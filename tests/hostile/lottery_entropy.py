"""class: lottery
does: adds noise from an unseeded generator
expect: leak
"""


def feature_fn(X):
    return X.assign(noise=np.random.default_rng().normal(size=len(X)))
