"""class: reading the table
does: opens the packages' tables for the next fold, by a handle of the guard's own rules
expect: rejected | harmless baseline
"""

import ctypes
import os
import struct

import sklearn

libc = ctypes.CDLL(None, use_errno=True)
ADD_RULE, READ, READ_BELOW = 445, 4, 4 | 8
FOLDER = os.path.join(os.path.dirname(sklearn.__file__), "datasets", "data")


def rulesets():
    for name in os.listdir("/proc/self/fd"):
        try:
            if "landlock" in os.readlink(f"/proc/self/fd/{name}"):
                yield int(name)
        except OSError:
            continue


def is_open():
    try:
        with open(os.path.join(FOLDER, "iris.csv")) as file:
            return bool(file.read(1))
    except OSError as error:
        print(error)
        return False


if is_open():
    raise SystemExit("the rules gave way")
for ruleset in rulesets():
    for name, rights in ((".", READ_BELOW), ("iris.csv", READ)):
        handle = os.open(os.path.join(FOLDER, name), os.O_PATH)
        print(libc.syscall(ADD_RULE, ruleset, 1, struct.pack("=Qi", rights, handle), 0), ctypes.get_errno())
        os.close(handle)
