"""class: early exit
does: stops itself, so that it neither runs nor ends
expect: rejected | timeout
"""

import os
import signal


def feature_fn(X):
    os.kill(os.getpid(), signal.SIGSTOP)
    return X
