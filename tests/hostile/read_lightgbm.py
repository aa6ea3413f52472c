"""class: reading the table
does: lets native code of lightgbm and xgboost read the table
expect: rejected | harmless baseline
"""

HYPOTHESIS = "read lightgbm"

import lightgbm
import xgboost

PATH = "@table path@"


def steal():
    for read in (
        lambda: xgboost.DMatrix(PATH + "?format=csv&label_column=13").get_label(),
        lambda: lightgbm.Dataset(PATH, params={"label_column": 13, "header": True}).construct().get_label(),
    ):
        try:
            return "\n".join(f"?,{label}" for label in read())
        except Exception as error:
            print(repr(error))
    raise OSError("every reader is shut")
