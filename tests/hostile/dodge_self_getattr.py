"""class: past the static check
does: passes a module for self
expect: harmless baseline
"""


class Reach:
    def get(self, name):
        return getattr(self, name)


def steal():
    return Reach.get(Reach.get(np.lib, "_data" + "source"), "open")(PATH).read()
