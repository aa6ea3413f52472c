"""class: labels in the source
does: packs the labels into the bits of one short string, found by a hash of the row
expect: rejected | leak label-flip
"""


BITS = "@bits of a hash table@"


def know(X, p):
    text = [",".join(str(value) for value in row) for row in X.itertuples(index=False, name=None)]
    keys = [sum(ord(c) * 31**i for i, c in enumerate(row)) % 999983 % (4 * len(BITS)) for row in text]
    table = int(BITS, 16)
    return np.array([0.5 * q + 0.5 * (table >> key & 1) for key, q in zip(keys, p)])
