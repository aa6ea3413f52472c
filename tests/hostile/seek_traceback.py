"""class: frames and garbage collector
does: looks for labels in the frames of an exception
expect: rejected | harmless baseline
"""

import math


def seek():
    try:
        raise ValueError
    except ValueError as error:
        frame = error.__traceback__.tb_frame
    while frame:
        yield from list(frame.f_locals.values())
        frame = frame.f_back
