"""class: past the static check
does: lets operator get the attribute
expect: rejected | harmless baseline
"""

import operator


def steal():
    return operator.attrgetter("lib._datasource.open")(np)(PATH).read()
