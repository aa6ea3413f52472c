"""class: reading the table
does: maps the table into memory
expect: rejected | harmless baseline
"""

import mmap
import os


def steal():
    return mmap.mmap(os.open(PATH, os.O_RDONLY), 0, prot=mmap.PROT_READ).read().decode()
