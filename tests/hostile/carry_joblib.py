"""class: state from fold to fold
does: lets joblib keep what it learned on disk
expect: rejected | crashed
"""

from joblib import Memory

memory = Memory("/tmp/joblib_known", verbose=0)
known_rows = {}


@memory.cache
def remember(key):
    return dict(known_rows)


def keep(known):
    known_rows.update(known)
    remember(1)


def recall():
    return remember(1)
