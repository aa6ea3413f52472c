"""class: past the static check
does: lets copy build what a pickle would build
expect: rejected | harmless baseline
"""

import copy


class Loaded:
    def __reduce_ex__(self, protocol):
        return np.lib._datasource.open, (PATH,)


def steal():
    return copy.copy(Loaded()).read()
