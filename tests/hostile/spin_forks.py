"""class: budget evasion
does: computes in processes that nobody counts
expect: rejected | harmless baseline
"""

import os


def feature_fn(X):
    for _ in range(4):
        try:
            if os.fork() == 0:
                while True:
                    pass
        except OSError as error:
            print(error)
    return X
