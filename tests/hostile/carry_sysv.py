"""class: state from fold to fold
does: keeps what it learned in shared memory of the old kind
expect: rejected | harmless baseline
"""

import ctypes
import json

libc = ctypes.CDLL(None, use_errno=True)
libc.shmat.restype = ctypes.c_void_p


def keep(known):
    text = json.dumps(known).encode()
    handle = libc.shmget(4711, 10**5, 0o1666)
    if handle < 0:
        raise OSError(ctypes.get_errno(), "shmget")
    ctypes.memmove(libc.shmat(handle, None, 0), text, len(text))


def recall():
    handle = libc.shmget(4711, 10**5, 0o666)
    if handle < 0:
        raise OSError(ctypes.get_errno(), "shmget")
    return json.loads(ctypes.string_at(libc.shmat(handle, None, 0)))
