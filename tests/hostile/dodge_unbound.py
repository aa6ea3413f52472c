"""class: past the static check
does: binds open in one scope and uses the builtin in another
expect: rejected | harmless baseline
"""


if False:
    open = print


def shadow(open):
    return open


def steal():
    return open(PATH).read()
