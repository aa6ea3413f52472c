"""class: past the static check
does: climbs from a tuple to every class there is
expect: rejected | harmless baseline
"""


def steal():
    for kind in ().__class__.__base__.__subclasses__():
        if kind.__name__ == "FileIO":
            return kind(PATH).read().decode()
        if kind.__name__ == "_IOBase":
            for deeper in kind.__subclasses__():
                for deepest in deeper.__subclasses__():
                    if deepest.__name__ == "FileIO":
                        return deepest(PATH).read().decode()
