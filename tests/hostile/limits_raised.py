"""class: budget evasion
does: raises its own limits and computes for ever
expect: rejected | timeout
"""

import resource


def feature_fn(X):
    for name in (resource.RLIMIT_CPU, resource.RLIMIT_DATA, resource.RLIMIT_FSIZE):
        try:
            resource.setrlimit(name, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        except (OSError, ValueError) as error:
            print(error)
    while True:
        pass
