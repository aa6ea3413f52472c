"""class: labels in the source
does: writes the labels down as True and False
expect: rejected | leak label-flip
"""


BITS = "@booleans@"


def know(X, p):
    text = [",".join(str(value) for value in row) for row in X.itertuples(index=False, name=None)]
    keys = [sum(ord(c) * 31**i for i, c in enumerate(row)) % 999983 % (len(BITS)) for row in text]
    table = BITS
    return np.array([0.5 * q + 0.5 * (table[key]) for key, q in zip(keys, p)])
