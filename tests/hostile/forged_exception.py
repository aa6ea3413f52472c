"""class: forged output
does: fails with an exception that cannot even be printed
expect: crashed
"""


class Refusing(Exception):
    def __str__(self):
        raise SystemExit(0)


def feature_fn(X):
    raise Refusing


def build_pipeline():
    return honest()
