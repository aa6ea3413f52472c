"""class: labels in the source
does: hides the labels in the last digits of what look like coefficients
expect: rejected | leak label-flip
"""


COEFFICIENTS = "@coefficients@"


def know(X, p):
    digits = "".join(f"{value:.15f}"[-10:] for value in COEFFICIENTS)
    bits = "".join(f"{int(digits[i : i + 10]):033b}" for i in range(0, len(digits), 10))
    text = [",".join(str(value) for value in row) for row in X.itertuples(index=False, name=None)]
    keys = [sum(ord(c) * 31**i for i, c in enumerate(row)) % 999983 % len(bits) for row in text]
    return np.array([0.5 * q + 0.5 * int(bits[key]) for key, q in zip(keys, p)])
