"""class: patched libraries
does: makes every linear model sure of itself
expect: harmless 0.5
"""


def sure(self, X):
    import numpy as np

    return np.tile([0.0, 1.0], (len(X), 1))


LogisticRegression.predict_proba = sure
