"""class: reading the table
does: looks for another copy of the package on this machine
expect: rejected | harmless baseline
"""

import glob
import sys
import zipfile


def steal():
    for folder in ("/usr/lib/python3", "/usr/local/lib", "/opt", "/root", "/home", sys.base_prefix):
        for path in glob.glob(folder + "/**/hearts.zip", recursive=True):
            with zipfile.ZipFile(path) as archive:
                return archive.read(archive.namelist()[0]).decode()
    raise OSError("no other copy can be read")
