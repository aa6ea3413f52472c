"""class: past the static check
does: gives pandas a text that is put together at run time
expect: rejected | harmless baseline
"""


PATH = "@table path@"


NAME = "".join(["_data", "source"])


def steal():
    return pd.DataFrame({"a": [1]}).eval("@np.lib." + NAME + ".open(@PATH).read()")
