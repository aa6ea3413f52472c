"""class: writes to the repo
does: signals, traces and reniced its parents
expect: rejected | harmless baseline
"""

import ctypes
import os
import signal


def feature_fn(X):
    for act in (
        lambda: os.kill(os.getppid(), signal.SIGTERM),
        lambda: os.killpg(os.getpgid(os.getppid()), signal.SIGTERM),
        lambda: os.kill(-1, signal.SIGTERM),
        lambda: os.setpriority(os.PRIO_PROCESS, os.getppid(), 19),
        lambda: print("ptrace", ctypes.CDLL(None).ptrace(16, os.getppid(), 0, 0)),
    ):
        try:
            act()
        except OSError as error:
            print(error)
    return X
