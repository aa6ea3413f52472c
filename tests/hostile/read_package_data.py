"""class: reading the table
does: reads a table from the files of the package that carries it
expect: rejected | harmless baseline
"""

import importlib.util
import pathlib


def reach():
    folder = pathlib.Path(importlib.util.find_spec("sklearn").origin).parent / "datasets" / "data"
    return (folder / "breast_cancer.csv").read_text()
