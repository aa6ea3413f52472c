"""The leak checks, in the order in which they run. To add one, write a module like these and list it in CHECKS."""

from __future__ import annotations

from harness.checks import editable_only, label_flip, repeatable, row_wise_features, row_wise_predictions, too_good
from harness.checks.base import Check, CheckResult, Cost, Failure

CHECKS: tuple[Check, ...] = (editable_only, row_wise_features, row_wise_predictions, label_flip, repeatable, too_good)
LOOKS = frozenset({too_good.NAME})  # a person should look at the file; it is not rejected

__all__ = ["CHECKS", "LOOKS", "Check", "CheckResult", "Cost", "Failure"]
