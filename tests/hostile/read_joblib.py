"""class: reading the table
does: lets joblib and numpy unpickle the table
expect: rejected | harmless baseline
"""

HYPOTHESIS = "read joblib"

import joblib

PATH = "@table path@"


def steal():
    for read in (joblib.load, np.load):
        try:
            return read(PATH)
        except PermissionError:
            raise
        except Exception as error:
            return open(PATH).read()
