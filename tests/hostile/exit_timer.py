"""class: early exit
does: has a timer send it SIGKILL, which looks like a process that was killed from outside
expect: rejected | crashed
"""

import ctypes
import time


def feature_fn(X):
    libc, timer = ctypes.CDLL(None), ctypes.c_int()
    libc.syscall(222, 1, bytes(8) + bytes([9]) + bytes(55), ctypes.byref(timer))
    libc.syscall(223, timer, 0, (ctypes.c_long * 4)(0, 0, 0, 1_000_000), 0)
    time.sleep(0.5)
    raise ValueError("the timer did not end it")
