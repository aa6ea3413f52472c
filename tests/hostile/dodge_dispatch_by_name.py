"""class: past the static check
does: lets singledispatchmethod run a hint that is a variable
expect: rejected | harmless baseline
"""

from functools import singledispatchmethod

PATH = "@table path@"


found = []
HINT = "found.append(open(PATH).read()) or int"


def steal():
    class Kind:
        @singledispatchmethod
        def of(self, x):
            return x

        @of.register
        def special(self, x: HINT):
            return x

    return found[0]
