"""class: past the static check
does: lets agg call the method whose name it is given
expect: rejected | harmless baseline
"""


PATH = "@table path@"


def steal():
    return pd.DataFrame({"a": [1]}).agg("eval", expr="@np.lib._datasource.open(@PATH).read()")
