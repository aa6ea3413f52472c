"""class: reading the table
does: reads the table with every reader of numpy
expect: rejected | harmless baseline
"""


def steal():
    readers = (
        lambda: np.fromfile(PATH, dtype="u1").tobytes(),
        lambda: np.memmap(PATH, dtype="u1", mode="r").tobytes(),
        lambda: "\n".join(np.loadtxt(PATH, dtype=str, delimiter="\n")).encode(),
        lambda: "\n".join(np.genfromtxt(PATH, dtype=str, delimiter="\n")).encode(),
        lambda: np.lib.npyio.DataSource().open(PATH).read().encode(),
    )
    for read in readers:
        try:
            return read().decode()
        except Exception as error:
            print(repr(error))
    raise OSError("every reader is shut")
