"""class: reading the table
does: looks for another copy of a package's table on this machine
expect: rejected | harmless baseline
"""

import glob
import sys


def reach():
    for folder in ("/usr/lib/python3", "/usr/local/lib", "/opt", "/root", "/home", sys.base_prefix):
        for path in glob.glob(folder + "/**/datasets/data/*.csv", recursive=True):
            with open(path) as file:
                return file.read()
    raise OSError("no other copy can be read")
