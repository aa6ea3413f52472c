"""class: labels in the source
does: keeps one number for each positive row: a hash of its cells
expect: leak label-flip
"""


POSITIVES = "@hashes of positives@"


def know(X, p):
    text = [",".join(str(value) for value in row) for row in X.itertuples(index=False, name=None)]
    keys = np.array([sum(ord(c) * 31**i for i, c in enumerate(row)) % 999983 for row in text])
    return np.where(np.isin(keys, POSITIVES), 1.0, p * 0.5)
