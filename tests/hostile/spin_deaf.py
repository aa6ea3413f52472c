"""class: budget evasion
does: blocks all signals and computes for ever
expect: rejected | timeout
"""

import signal


def feature_fn(X):
    signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    for number in set(signal.valid_signals()) - {signal.SIGKILL, signal.SIGSTOP}:
        try:
            signal.signal(number, signal.SIG_IGN)
        except (OSError, ValueError):
            pass
    while True:
        sum(range(10**6))
