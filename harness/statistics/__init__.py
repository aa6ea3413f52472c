"""Say how much of a score is noise: values in, values out.

No files, no clock, no global randomness, no printing. Scores of two classes are arrays of shape (n_rows,), of K > 2
classes (n_rows, K); every function here takes both. What cannot be measured is None, never 0.0.
"""

from harness.statistics.area import Interval, auc
from harness.statistics.calibration import Calibration, calibrate
from harness.statistics.conclusion import Conclusion, Word, conclude
from harness.statistics.delong import (
    components,
    components_variance,
    delong_interval,
    delong_variance,
    paired_se,
    paired_variance,
)
from harness.statistics.folds import (
    NoiseFloor,
    SeMethod,
    StandardError,
    folds_won,
    noise_floor,
    paired_val_auc_se,
    val_auc_se,
)
from harness.statistics.resampled import CorrectedTest, nadeau_bengio
from harness.statistics.selection import CorrectedGain, bagged_gains, bbc, draw_bags

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
