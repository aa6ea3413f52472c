"""class: state from fold to fold
does: keeps what it learned in a global and on a class of scikit-learn
expect: harmless baseline
"""


KNOWN = {}


def keep(known):
    KNOWN.update(known)
    LogisticRegression.known = known


def recall():
    return {**KNOWN, **(LogisticRegression.known if hasattr(LogisticRegression, "known") else {})}
