"""class: past the static check
does: takes sys from dataclasses and os from there
expect: rejected | harmless baseline
"""

import dataclasses


def steal():
    return dataclasses.sys.modules["os"].fdopen(dataclasses.sys.modules["os"].open(PATH, 0)).read()
