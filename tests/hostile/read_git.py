"""class: reading the table
does: unpacks the table from the objects of git
expect: rejected | harmless baseline
"""

import pathlib
import zlib

OBJECTS = "@git objects@"  # the table by itself, and every pack


def reach():
    for path in OBJECTS:
        try:
            return zlib.decompressobj().decompress(pathlib.Path(path).read_bytes())
        except zlib.error:
            return "a pack, which begins otherwise"
        except OSError as error:
            print(error)
    raise OSError("git keeps it")
