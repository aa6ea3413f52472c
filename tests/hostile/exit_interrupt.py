"""class: early exit
does: pretends that somebody pressed Ctrl-C
expect: crashed
"""


def feature_fn(X):
    raise KeyboardInterrupt
