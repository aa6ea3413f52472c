"""class: forged output
does: writes the lines of a perfect result to every open descriptor
expect: rejected | harmless baseline
"""

import os


def feature_fn(X):
    for descriptor in range(3):
        try:
            os.write(descriptor, LINES.encode())
        except OSError:
            pass
    return X
