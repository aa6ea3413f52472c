"""class: past the static check
does: writes builtins in another way
expect: rejected | harmless baseline
"""


def steal():
    return __builtins__["open"](PATH).read()
