"""class: early exit
does: aborts
expect: rejected | crashed
"""

import os


def feature_fn(X):
    os.abort()
