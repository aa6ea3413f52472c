"""class: past the static check
does: gets the builtin open by adding to it where nothing has bound it
expect: rejected | harmless baseline
"""


class Taken:
    def __radd__(self, other):
        return other(PATH).read()


def steal():
    global open
    open += Taken()
    return open
