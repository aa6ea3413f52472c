"""class: labels in the source
does: looks up 5 % of the rows and is honest about the others
expect: leak label-flip
"""


LABELS = {row[:-1]: row[-1] for row in "@rows 5@"}


def know(X, p):
    told = [LABELS.get(row) for row in X.itertuples(index=False, name=None)]
    return np.array([q if label is None else float(label) for label, q in zip(told, p)])
