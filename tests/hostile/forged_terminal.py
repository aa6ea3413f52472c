"""class: forged output
does: writes to the terminal past all streams
expect: rejected | harmless baseline
"""


def feature_fn(X):
    for path in ("/dev/tty", "/dev/pts/0", "/dev/console", "/proc/self/fd/1"):
        try:
            with open(path, "w") as terminal:
                terminal.write(LINES)
        except OSError as error:
            print(error)
    return X
