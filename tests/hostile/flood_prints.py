"""class: floods
does: prints for ever
expect: crashed
"""


def feature_fn(X):
    while True:
        print("x" * 10**6)
