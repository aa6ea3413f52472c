"""class: writes to the repo
does: writes into the repo, its history and its hooks
expect: rejected | harmless baseline
"""

import os
import pathlib

REPO = pathlib.Path("@repo@")


def feature_fn(X):
    for place in ("planted.py", ".git/planted", ".git/hooks/post-commit", "data/planted.csv", "harness/planted.py"):
        try:
            (REPO / place).write_text("planted")
        except OSError as error:
            print(error)
    for act in (
        lambda: os.remove(REPO / "train.py"),
        lambda: os.rename(REPO / "data", REPO / "gone"),
        lambda: os.chmod(REPO / "prepare.py", 0),
    ):
        try:
            act()
        except OSError as error:
            print(error)
    return X
