"""class: past the static check
does: writes a file by a method of a column, in a text of pandas where a digit stands before the point
expect: rejected | harmless baseline
"""


def steal():
    pd.DataFrame({"a1": [1]}).eval("a1.to_csv('/tmp/planted.csv')")
    return ""
