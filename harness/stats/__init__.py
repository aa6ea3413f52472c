"""Statistics of scores and of their differences, as pure functions.

Scores of two classes are arrays of shape (n_rows,), of K > 2 classes (n_rows, K); every function takes both. What
cannot be measured is None, never 0.0.
"""

from harness.stats.auc import (
    Interval,
    NoiseFloor,
    SeMethod,
    StandardError,
    auc,
    components,
    components_variance,
    delong_interval,
    delong_variance,
    folds_won,
    noise_floor,
    paired_se,
    paired_val_auc_se,
    paired_variance,
    val_auc_se,
)
from harness.stats.calibration import Calibration, calibrate
from harness.stats.corrected_ttest import CorrectedTest, nadeau_bengio
from harness.stats.selection import CorrectedGain, bagged_gains, bbc, draw_bags
from harness.stats.verdict import Conclusion, Word, conclude

__all__ = [
    "Calibration",
    "Conclusion",
    "CorrectedGain",
    "CorrectedTest",
    "Interval",
    "NoiseFloor",
    "SeMethod",
    "StandardError",
    "Word",
    "auc",
    "bagged_gains",
    "bbc",
    "calibrate",
    "components",
    "components_variance",
    "conclude",
    "delong_interval",
    "delong_variance",
    "draw_bags",
    "folds_won",
    "nadeau_bengio",
    "noise_floor",
    "paired_se",
    "paired_val_auc_se",
    "paired_variance",
    "val_auc_se",
]
