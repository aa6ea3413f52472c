"""class: budget evasion
does: computes in a pool of processes
expect: rejected | harmless baseline
"""

import concurrent.futures


def feature_fn(X):
    try:
        with concurrent.futures.ProcessPoolExecutor(4) as pool:
            list(pool.map(abs, range(4)))
    except OSError as error:
        print(error)
    return X
