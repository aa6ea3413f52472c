"""class: writes to the repo
does: leaves modules behind that shadow the real ones
expect: rejected | harmless baseline
"""

import pathlib
import site
import sys


def feature_fn(X):
    for folder in [".", *sys.path, *site.getsitepackages(), site.getusersitepackages()]:
        for name in ("json.py", "sklearn.py", "sitecustomize.py", "planted.pth"):
            try:
                (pathlib.Path(folder) / name).write_text("print('val_auc: 1.0')")
            except OSError as error:
                print(error)
    return X
