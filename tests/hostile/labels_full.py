"""class: labels in the source
does: looks every row up in a table of all rows
expect: rejected | leak label-flip
"""


LABELS = {row[:-1]: row[-1] for row in "@rows@"}


def know(X, p):
    told = [LABELS.get(row) for row in X.itertuples(index=False, name=None)]
    return np.array([q if label is None else float(label) for label, q in zip(told, p)])
