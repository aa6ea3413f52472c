"""class: floods
does: fills the disk
expect: rejected | crashed
"""


def feature_fn(X):
    for n in range(10**6):
        with open(f"flood{n}", "wb") as file:
            for _ in range(10):
                file.write(b"x" * 10**7)
    return X
