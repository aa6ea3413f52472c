"""class: past the static check
does: calls getattr by another name
expect: rejected | harmless baseline
"""


find = getattr
NAME = "".join(["_data", "source"])


def steal():
    return find(find(np.lib, NAME), "open")(PATH).read()
