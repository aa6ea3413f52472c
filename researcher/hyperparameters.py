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


# Why a larger and why a smaller value may help.
STRENGTH = "weaker regularization can follow more detail", "stronger regularization fits less noise"
LASSO_STRENGTH = "more columns then keep a nonzero weight", "fewer columns then keep a nonzero weight"
LASSO_SHARE = "more weights become exactly zero", "correlated columns then share their weight"
COVARIANCE = "covariances estimated from few rows are noisy", "correlations between columns carry signal"
OWN_COVARIANCE = "a simpler covariance matrix needs fewer rows", "less shrinkage keeps the correlations within a class"
SMOOTHING = "wider distributions react less to outliers", "narrower distributions separate the classes better"
MARGIN = "weaker regularization fits more training rows", "stronger regularization tolerates outliers"
KERNEL_WIDTH = "a narrower kernel fits more local detail", "a smoother boundary fits less noise"
NEIGHBOURS = "averaging over more neighbours reduces the noise", "fewer neighbours keep local detail"
DISTANCE = "Euclidean distance suits round clusters", "Manhattan distance is less sensitive to outliers"
UNITS = "more units can fit a more complex function", "fewer units can memorise less"
PENALTY = "stronger regularization fits less noise", "weaker regularization fits more detail"
ACTIVATION = "relu units suit thresholds", "tanh units suit a smooth boundary"
INTERACTIONS = "columns may interact", "a model without interactions overfits less"
TREES = "averaging more trees reduces variance", "fewer trees may be as good and faster"
ROUNDS = "more rounds can fit weaker signals", "fewer rounds fit less noise"
TREE_SIZE = "larger trees can model more interactions", "smaller trees fit less noise"
LEAF_ROWS = "larger leaves average out more noise", "smaller leaves follow finer detail"
LEAF_SHRINKAGE = "shrunken leaf values fit less noise", "less shrinkage keeps more of the signal"
COLUMN_SHARE = "more choice finds the informative columns", "the trees then differ more from each other"
STEP_SIZE = "small steps may underfit", "smaller steps fit less noise"
WEIGHTING = "the rarer class then has the same weight", "the class frequencies carry information"

CLASS_WEIGHT = Knob("class_weight", (None, "balanced"), None, *WEIGHTING, silent=None)
RATE = Knob("learning_rate", (0.02, 0.05, 0.1, 0.2), 0.05, *STEP_SIZE)
FOREST_KNOBS = (
    Knob("n_estimators", (25, 50, 100, 200, 400), 50, *TREES, silent=100),
    Knob("min_samples_leaf", (1, 2, 3, 5, 10, 20), 3, *LEAF_ROWS, silent=1),
    Knob("max_features", ("log2", "sqrt", 0.5, 1.0), "sqrt", *COLUMN_SHARE, silent="sqrt"),
    CLASS_WEIGHT,
)


def rounds(name: str) -> Knob:
    """Return the number of trees in a boosting model, which is 100 by default in every library."""
    return Knob(name, (30, 60, 100, 200, 400), 100, *ROUNDS, silent=100)


def leaf_shrinkage(name: str, *, silent: float) -> Knob:
    """Return the L2 regularization of the leaf values."""
    return Knob(name, (0.0, 1.0, 10.0, 50.0), 1.0, *LEAF_SHRINKAGE, silent)
