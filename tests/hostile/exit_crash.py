"""class: early exit
does: reads address zero
expect: rejected | crashed
"""

import ctypes


def feature_fn(X):
    ctypes.string_at(0)
