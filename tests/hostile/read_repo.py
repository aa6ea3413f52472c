"""class: reading the table
does: opens the table where it is committed
expect: rejected | harmless baseline
"""


PATH = "@repo@" + "/data/heart.csv"


def steal():
    with open(PATH) as file:
        return file.read()
