"""class: labels in the source
does: packs the labels into two dozen characters of a foreign script
expect: rejected | leak label-flip
"""


BITS = "@bits as ideographs@"


def know(X, p):
    text = [",".join(str(value) for value in row) for row in X.itertuples(index=False, name=None)]
    keys = [sum(ord(c) * 31**i for i, c in enumerate(row)) % 999983 % (14 * len(BITS)) for row in text]
    table = sum((ord(c) - 0x4E00) << 14 * i for i, c in enumerate(BITS))
    return np.array([0.5 * q + 0.5 * (table >> key & 1) for key, q in zip(keys, p)])
