"""class: past the static check
does: writes open in wide letters, which Python reads as open
expect: rejected | harmless baseline
"""


def steal():
    return ｏｐｅｎ(PATH).read()
