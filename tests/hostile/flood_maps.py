"""class: floods
does: takes memory that no heap knows
expect: rejected | crashed
"""

import mmap


def feature_fn(X):
    held = []
    while True:
        held.append(mmap.mmap(-1, 10**8))
        for place in range(0, 10**8, 4096):
            held[-1][place] = 1
