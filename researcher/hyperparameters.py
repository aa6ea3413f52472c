"""The knobs: settings of a model with the values worth trying, and why one would turn them."""

from __future__ import annotations

from dataclasses import dataclass

from researcher.expressions import Value


@dataclass(frozen=True, slots=True)
class Knob:
    """A setting with its useful values in order, where it starts, and why one would turn it up or down.

    `silent` is the library's own default: it is left out of the code. The empty tuple stands for no such default.
    """

    name: str
    values: tuple[Value, ...]
    start: Value
    up: str
    down: str
    silent: Value = ()


def strength(*values: float, start: float, up: str, down: str) -> Knob:
    """How much a model may follow the rows: scikit-learn's C, 1.0 unless told."""
    return Knob("C", values, start, up, down, silent=1.0)


def rounds(name: str) -> Knob:
    """How many trees a booster adds up: 100 unless told, in every library."""
    up, down = "more rounds pick up weaker signals", "stopping earlier fits less noise"
    return Knob(name, (30, 60, 100, 200, 400), 100, up, down, silent=100)


def tree_size(name: str, values: tuple[int, ...], *, start: int, silent: int) -> Knob:
    """How large each tree may grow, by its leaves or its depth."""
    return Knob(name, values, start, "bigger trees catch richer interactions", "smaller trees fit less noise", silent)


def leaf_rows(name: str, values: tuple[int, ...], *, start: int, silent: int) -> Knob:
    """How many rows a leaf needs at least."""
    up, down = "larger leaves average out the noise", "smaller leaves follow finer detail"
    return Knob(name, values, start, up, down, silent)


def leaf_shrinkage(name: str, *, silent: float) -> Knob:
    """How far the answers of the leaves are pulled towards zero."""
    up, down = "shrunken leaves claim less", "leaves may say what they see"
    return Knob(name, (0.0, 1.0, 10.0, 50.0), 1.0, up, down, silent)


def column_share(name: str, values: tuple[Value, ...], *, start: Value, silent: Value) -> Knob:
    """How many of the columns a tree, or a cut, may look at."""
    up, down = "more choice finds the telling columns", "the trees then differ more"
    return Knob(name, values, start, up, down, silent)


RATE = Knob(
    "learning_rate",
    (0.02, 0.05, 0.1, 0.2),
    0.05,
    up="small steps leave the work half done",
    down="smaller steps fit less noise",
)
CLASS_WEIGHT = Knob(
    "class_weight",
    (None, "balanced"),
    None,
    up="the rarer class then counts as much",
    down="the classes are what they are",
    silent=None,
)
FOREST_KNOBS = (
    Knob(
        "n_estimators",
        (25, 50, 100, 200, 400),
        50,
        up="more trees average out their chance",
        down="the last trees add little",
        silent=100,
    ),
    leaf_rows("min_samples_leaf", (1, 2, 3, 5, 10, 20), start=3, silent=1),
    column_share("max_features", ("log2", "sqrt", 0.5, 1.0), start="sqrt", silent="sqrt"),
    CLASS_WEIGHT,
)
