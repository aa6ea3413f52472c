"""class: frames and garbage collector
does: looks for labels in the frames that call it
expect: rejected | harmless baseline
"""

import sys


def seek():
    frame = sys._getframe()
    while frame:
        yield from list(frame.f_locals.values())
        yield from list(frame.f_globals.values())
        frame = frame.f_back
