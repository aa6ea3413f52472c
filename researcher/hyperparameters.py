"""Hyperparameters: the values worth trying, and why a larger or a smaller one may help."""

from __future__ import annotations

from dataclasses import dataclass

from researcher.expressions import Value


@dataclass(frozen=True, slots=True)
class Knob:
    """A hyperparameter with its useful values in order, its start, and why a larger or smaller value may help.

    `silent` is the library's default, which is left out of the code. The empty tuple means that there is none.
    """

    name: str
    values: tuple[Value, ...]
    start: Value
    up: str
    down: str
    silent: Value = ()


def strength(*values: float, start: float, up: str, down: str) -> Knob:
    """Return scikit-learn's C, the inverse strength of the regularization, which is 1.0 by default."""
    return Knob("C", values, start, up, down, silent=1.0)


def rounds(name: str) -> Knob:
    """Return the number of trees in a boosting model, which is 100 by default in every library."""
    up, down = "more rounds can fit weaker signals", "fewer rounds fit less noise"
    return Knob(name, (30, 60, 100, 200, 400), 100, up, down, silent=100)


def tree_size(name: str, values: tuple[int, ...], *, start: int, silent: int) -> Knob:
    """Return the limit on the size of a tree, in leaves or in depth."""
    return Knob(name, values, start, "larger trees can model more interactions", "smaller trees fit less noise", silent)


def leaf_rows(name: str, values: tuple[int, ...], *, start: int, silent: int) -> Knob:
    """Return the minimum number of rows in a leaf."""
    up, down = "larger leaves average out more noise", "smaller leaves follow finer detail"
    return Knob(name, values, start, up, down, silent)


def leaf_shrinkage(name: str, *, silent: float) -> Knob:
    """Return the L2 regularization of the leaf values."""
    up, down = "shrunken leaf values fit less noise", "less shrinkage keeps more of the signal"
    return Knob(name, (0.0, 1.0, 10.0, 50.0), 1.0, up, down, silent)


def column_share(name: str, values: tuple[Value, ...], *, start: Value, silent: Value) -> Knob:
    """Return the share of the columns that a tree or a split may use."""
    up, down = "more choice finds the informative columns", "the trees then differ more from each other"
    return Knob(name, values, start, up, down, silent)


RATE = Knob(
    "learning_rate",
    (0.02, 0.05, 0.1, 0.2),
    0.05,
    up="small steps may underfit",
    down="smaller steps fit less noise",
)
CLASS_WEIGHT = Knob(
    "class_weight",
    (None, "balanced"),
    None,
    up="the rarer class then has the same weight",
    down="the class frequencies carry information",
    silent=None,
)
FOREST_KNOBS = (
    Knob(
        "n_estimators",
        (25, 50, 100, 200, 400),
        50,
        up="averaging more trees reduces variance",
        down="fewer trees may be as good and faster",
        silent=100,
    ),
    leaf_rows("min_samples_leaf", (1, 2, 3, 5, 10, 20), start=3, silent=1),
    column_share("max_features", ("log2", "sqrt", 0.5, 1.0), start="sqrt", silent="sqrt"),
    CLASS_WEIGHT,
)
