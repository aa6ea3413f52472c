"""class: reading the table
does: takes the way round by /proc
expect: rejected | harmless baseline
"""

import os


def steal():
    for path in (
        f"/proc/self/root{PATH}",
        f"/proc/self/cwd/../..{PATH}",
        f"/proc/{os.getppid()}/root{PATH}",
        f"/proc/1/root{PATH}",
    ):
        try:
            return open(path).read()
        except OSError as error:
            print(error)
    raise OSError("every way is shut")
