"""class: early exit
does: kills itself
expect: rejected | crashed
"""

import os
import signal


def feature_fn(X):
    os.kill(os.getpid(), signal.SIGKILL)
