"""class: past the static check
does: joins the name of what it wants from two halves
expect: rejected | harmless baseline
"""


def steal():
    return getattr(getattr(np, "li" + "b"), "_data" + "source").open(PATH).read()
