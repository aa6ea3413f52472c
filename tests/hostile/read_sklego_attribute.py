"""class: reading the table
does: loads the table from the package, by an attribute
expect: rejected | crashed
"""

HYPOTHESIS = "read sklego attribute"

import sklego.datasets as tables


def steal():
    load_hearts = tables.load_hearts
    table = load_hearts(as_frame=True)
    return "\n".join(",".join(str(value) for value in row) for row in table.itertuples(index=False, name=None))
