"""class: past the static check
does: hides a program in a query of pandas
expect: rejected | harmless baseline
"""


PATH = "@table path@"


def steal():
    return pd.DataFrame({"a": [1]}).eval("@np.lib._datasource.open(@PATH).read()")
