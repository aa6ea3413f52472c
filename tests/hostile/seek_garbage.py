"""class: frames and garbage collector
does: looks for labels in everything that the garbage collector knows
expect: rejected | harmless baseline
"""

import gc


def seek():
    for thing in gc.get_objects():
        if isinstance(thing, dict):
            yield from [value for value in list(thing.values()) if isinstance(value, np.ndarray)]
        if isinstance(thing, (list, tuple)):
            yield from [value for value in thing if isinstance(value, np.ndarray)]
