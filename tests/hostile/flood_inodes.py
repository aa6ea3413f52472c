"""class: budget evasion
does: fills the disk with empty files
expect: rejected | timeout
"""


def feature_fn(X):
    n = 0
    while True:
        n += 1
        try:
            open(f"flood{n}", "w").close()
        except OSError:
            pass
