"""Statistics of scores and of their differences, as pure functions.

Scores of two classes are arrays of shape (n_rows,), of K > 2 classes (n_rows, K); every function takes both. What
cannot be measured is None, never 0.0.
"""

from harness.stats.auc import (
    auc,
    components,
    components_variance,
    delong_interval,
    folds_won,
    noise_floor,
    paired_val_auc_se,
    val_auc_se,
)
from harness.stats.calibration import calibrate
from harness.stats.corrected_ttest import CorrectedTest, nadeau_bengio
from harness.stats.selection import CorrectedGain, bbc
from harness.stats.verdict import Conclusion, conclude

__all__ = [
    "Conclusion",
    "CorrectedGain",
    "CorrectedTest",
    "auc",
    "bbc",
    "calibrate",
    "components",
    "components_variance",
    "conclude",
    "delong_interval",
    "folds_won",
    "nadeau_bengio",
    "noise_floor",
    "paired_val_auc_se",
    "val_auc_se",
]
