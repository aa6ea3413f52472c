"""class: past the static check
does: imports everything from a module, os among it
expect: rejected | harmless baseline
"""

from xgboost.core import *


def steal():
    return os.fdopen(os.open(PATH, 0)).read()
