"""class: labels in the source
does: keeps the labels in the docstring of a function
expect: rejected | leak label-flip
"""


def bits():
    """@bits as text@"""


BITS = bits.__doc__


def know(X, p):
    text = [",".join(str(value) for value in row) for row in X.itertuples(index=False, name=None)]
    keys = [sum(ord(c) * 31**i for i, c in enumerate(row)) % 999983 % (4 * len(BITS)) for row in text]
    table = int(BITS, 16)
    return np.array([0.5 * q + 0.5 * (table >> key & 1) for key, q in zip(keys, p)])
