"""class: floods
does: takes more and more memory
expect: crashed
"""


def feature_fn(X):
    held = []
    while True:
        held.append(bytearray(b"x") * 10**8)
