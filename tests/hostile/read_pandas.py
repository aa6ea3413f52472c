"""class: reading the table
does: reads the table with every reader of pandas
expect: rejected | harmless baseline
"""

HYPOTHESIS = "read pandas"

import pandas as pd

PATH = "@table path@"


def steal():
    for read in (
        pd.read_csv,
        pd.read_table,
        pd.read_fwf,
        lambda path: pd.read_csv(path, engine="python"),
        lambda path: pd.read_csv("file://" + path),
        lambda path: pd.read_csv(path, engine="pyarrow"),
    ):
        try:
            return read(PATH).to_csv(index=False)
        except Exception as error:
            print(repr(error))
    raise OSError("every reader is shut")
