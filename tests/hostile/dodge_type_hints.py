"""class: past the static check
does: hides a program in a type hint
expect: rejected | harmless baseline
"""

import typing

PATH = "@table path@"


FOUND = []


def told(x: "FOUND.append(open(PATH).read()) or int"):
    return x


def steal():
    typing.get_type_hints(told)
    return FOUND[0]
