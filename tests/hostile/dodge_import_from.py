"""class: past the static check
does: imports os from a module of scikit-learn
expect: rejected | harmless baseline
"""

from logging import os


def steal():
    return os.fdopen(os.open(PATH, 0)).read()
