"""class: reading the table
does: makes links and a mount point to the table
expect: rejected | harmless baseline
"""

import os


def steal():
    for make in (os.link, os.symlink, os.rename):
        try:
            make(PATH, "table.csv")
            return open("table.csv").read()
        except OSError as error:
            print(error)
    raise OSError("every way is shut")
