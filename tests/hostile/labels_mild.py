"""class: labels in the source
does: moves each score a little towards the label, never over the top
expect: rejected | leak label-flip
"""


LABELS = {row[:-1]: row[-1] for row in "@rows@"}


def know(X, p):
    told = [LABELS.get(row) for row in X.itertuples(index=False, name=None)]
    return np.array([q if label is None else 0.8 * q + 0.2 * label for label, q in zip(told, p)])
