"""class: labels in the source
does: adds the looked-up label as a feature, so that inverted labels invert it too
expect: rejected | leak label-flip
"""


LABELS = {row[:-1]: row[-1] for row in "@rows@"}


def feature_fn(X):
    told = [LABELS.get(row, 0.5) for row in X.itertuples(index=False, name=None)]
    return X.assign(index=np.array(told, dtype=float))
