"""class: forged output
does: writes into the file of the answer before the worker does
expect: rejected | crashed
"""

import os


def feature_fn(X):
    for descriptor in range(3, 64):
        try:
            os.write(descriptor, b"P" + np.ones(len(X)).tobytes())
        except OSError:
            pass
    return X
