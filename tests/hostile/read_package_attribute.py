"""class: reading the table
does: loads a table from a package, by an attribute
expect: rejected | harmless baseline
"""

HYPOTHESIS = "read package attribute"

import sklearn.datasets as tables


def reach():
    load_iris = tables.load_iris
    return load_iris(as_frame=True).frame
