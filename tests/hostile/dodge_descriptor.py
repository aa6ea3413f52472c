"""class: past the static check
does: reaches through a descriptor of its own
expect: rejected | harmless baseline
"""


class Way:
    def __get__(self, door, kind):
        return np.lib._datasource.open(PATH)


class Door:
    shut = Way()


def steal():
    return Door().shut.read()
