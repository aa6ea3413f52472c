"""Say whether the same file gives the same scores twice."""

from __future__ import annotations

import numpy as np

from harness.leaks.finding import Cost, Finding
from harness.leaks.lab import Lab

NAME = "repeatable"
CATCHES = "a lottery: an unset seed, a clock, an address decides the scores"
FIX = "set random_state (or pass a seeded numpy Generator) wherever chance is used"
COST = Cost.REFIT


def run(lab: Lab) -> Finding:
    """Measure every fold a second time, in new processes: a file can tell one fold from another by its rows."""
    again = lab.refit(lab.folds)
    if isinstance(again, str):
        return Finding(False, f"the second time it failed: {again}")
    first, second = (np.concatenate([fold.scores for fold in folds]) for folds in (lab.folds, again))
    n_changed = int((second != first).reshape(len(first), -1).any(axis=1).sum())
    if n_changed == 0:
        return Finding(True, f"{len(first)} scores, the same twice")
    worst = float(np.abs(second - first).max())
    return Finding(False, f"{n_changed} of {len(first)} scores change from one run to the next, by up to {worst:.2g}")
