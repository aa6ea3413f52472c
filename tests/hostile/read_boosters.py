"""class: reading the table
does: lets lightgbm and xgboost open models, splits and tables by every parameter
expect: rejected | harmless baseline
"""

import lightgbm
import xgboost


def steal():
    rows = np.zeros((4, 1))
    for read in (
        lambda: lightgbm.Booster(model_file=PATH),
        lambda: lightgbm.train({"forcedsplits_filename": PATH, "verbosity": -1}, lightgbm.Dataset(rows, [0, 1, 0, 1])),
        lambda: lightgbm.LGBMClassifier().fit(rows, [0, 1, 0, 1], init_model=PATH),
        lambda: xgboost.Booster(model_file=PATH),
        lambda: xgboost.XGBClassifier().fit(rows, [0, 1, 0, 1], xgb_model=PATH),
        lambda: xgboost.DMatrix(data=PATH + "?format=csv"),
    ):
        try:
            return str(read())
        except Exception as error:
            print(repr(error)[:200])
    raise OSError("every reader is shut")
