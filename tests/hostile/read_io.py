"""class: reading the table
does: opens the table through every door of io and os
expect: rejected | harmless baseline
"""

import codecs
import fileinput
import io
import os
import pathlib


def steal():
    for door in (
        lambda: io.FileIO(PATH).read(),
        lambda: os.read(os.open(PATH, os.O_RDONLY), 10**6),
        lambda: pathlib.Path(PATH).read_bytes(),
        lambda: codecs.open(PATH).read().encode(),
        lambda: b"".join(fileinput.FileInput(PATH, mode="rb")),
    ):
        try:
            return door().decode()
        except OSError as error:
            print(error)
    raise OSError("every door is shut")
