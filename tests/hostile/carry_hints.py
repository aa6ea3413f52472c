"""class: state from fold to fold
does: leaves word for the next fold in the write hints of package files
expect: rejected | harmless baseline
"""

import fcntl
import os
import struct

GET_HINT, SET_HINT = 1035, 1036


def files():
    folder = os.path.dirname(np.__file__)
    return [os.path.join(folder, name) for name in sorted(os.listdir(folder)) if name.endswith(".py")]


def mark(value):
    for path in files():
        with open(path, "rb") as file:
            fcntl.fcntl(file, SET_HINT, struct.pack("Q", value))


def is_marked():
    with open(files()[0], "rb") as file:
        return struct.unpack("Q", fcntl.fcntl(file, GET_HINT, bytes(8)))[0] == 5


if is_marked():
    raise SystemExit("the marks came through")
try:
    mark(5)
except OSError as error:
    print(error)
