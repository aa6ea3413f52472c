"""class: frames and garbage collector
does: looks for labels in every descriptor that it inherited
expect: rejected | harmless baseline
"""

import os
import pickle


def seek():
    for descriptor in range(3, 100):
        try:
            found = pickle.loads(os.pread(descriptor, 10**7, 0))
        except Exception:
            continue
        yield from found.values()
