"""class: past the static check
does: lets singledispatch run a quoted hint
expect: rejected | harmless baseline
"""

from functools import singledispatch

PATH = "@table path@"


@singledispatch
def kind(x):
    return x


def steal():
    @kind.register
    def special(x: "found.append(open(PATH).read()) or int"):
        return x

    return found[0]


found = []
