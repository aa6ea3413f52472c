"""class: reading the table
does: reads the table from the files of the package that carries it
expect: rejected | harmless baseline
"""

import importlib.util
import pathlib
import zipfile


def steal():
    folder = pathlib.Path(importlib.util.find_spec("sklego").origin).parent / "data"
    with zipfile.ZipFile(folder / "hearts.zip") as archive:
        return archive.read(archive.namelist()[0]).decode()
