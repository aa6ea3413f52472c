"""class: budget evasion
does: sleeps, which costs no CPU
expect: timeout
"""

import time


def feature_fn(X):
    time.sleep(600)
    return X
