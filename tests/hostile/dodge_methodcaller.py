"""class: past the static check
does: lets operator call a method by its name
expect: rejected | harmless baseline
"""

from operator import methodcaller

PATH = "@table path@"


def steal():
    return methodcaller("query", "@np.lib._datasource.open(@PATH).read()")(pd.DataFrame({"a": [1]}))
