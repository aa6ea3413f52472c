"""class: past the static check
does: takes os from a module that imports it
expect: rejected | harmless baseline
"""

import logging


def steal():
    return logging.os.popen(f"cat {PATH}").read()
