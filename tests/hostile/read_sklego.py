"""class: reading the table
does: loads the table from the package that carries it
expect: rejected | crashed
"""

HYPOTHESIS = "read sklego"

from sklego.datasets import load_hearts


def steal():
    table = load_hearts(as_frame=True)
    return "\n".join(",".join(str(value) for value in row) for row in table.itertuples(index=False, name=None))
