"""class: past the static check
does: changes the list of names that getattr goes through
expect: rejected | harmless baseline
"""


NAMES = ["open"]
NAMES.insert(0, "_data" + "source")


def steal():
    found = np.lib
    for name in NAMES:
        found = getattr(found, name)
    return found(PATH).read()
