"""class: reading the table
does: borrows the ctypes of lightgbm
expect: rejected | harmless baseline
"""

HYPOTHESIS = "read ctypes of lightgbm"

import lightgbm

PATH = "@table path@"


def steal():
    ctypes = lightgbm.basic.ctypes
    libc = ctypes.CDLL(None, use_errno=True)
    handle = libc.open(PATH.encode(), 0)
    if handle < 0:
        raise OSError(ctypes.get_errno(), "open")
    room = ctypes.create_string_buffer(10**6)
    n_bytes = libc.read(handle, room, 10**6)
    return room.raw[:n_bytes].decode()
