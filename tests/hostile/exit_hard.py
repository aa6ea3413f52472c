"""class: early exit
does: leaves without a word
expect: rejected | crashed
"""

import os


def feature_fn(X):
    os._exit(0)
