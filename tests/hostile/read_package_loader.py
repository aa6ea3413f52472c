"""class: reading the table
does: loads a table that a package carries: the measured one may be such a table
expect: rejected | harmless baseline
"""

HYPOTHESIS = "read package loader"

from sklearn.datasets import load_breast_cancer


def reach():
    return load_breast_cancer(as_frame=True).frame
