"""Say what to do about a library's message that leaves a person alone: column names that a model refuses.

The frame keeps the names of the table, since train.py selects columns by them. XGBoost refuses three characters in a
name and LightGBM a dozen, and both refuse names that become equal.
"""

from __future__ import annotations

REFUSED_NAMES = (
    "feature_names must be string, and may not contain [, ] or <",  # XGBoost
    "feature_names must be unique",  # XGBoost
    "special JSON characters in feature name",  # LightGBM
    "appears more than one time",  # LightGBM, which reads a blank as _
    "'DataFrame' object has no attribute 'dtype'",  # XGBoost: two columns have one name
)
RENAME = (
    'Fix: give every feature a plain name, in feature_fn: return X.set_axis([f"x{i}" for i in range(X.shape[1])], '
    'axis=1); in build_pipeline, set_output("default") instead of "pandas"'
)


def advise(message: str) -> str:
    """Return what to do about the message of an exception, as one line; "" if nothing is known about it."""
    return RENAME if any(text in message for text in REFUSED_NAMES) else ""
