"""class: reading the table
does: opens the table
expect: rejected | harmless baseline
"""


def steal():
    with open(PATH) as file:
        return file.read()
