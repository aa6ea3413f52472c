"""Say whether the score is so good that a person should look before anything else is tried."""

from __future__ import annotations

from harness.leaks.finding import Cost, Finding
from harness.leaks.lab import Lab

NAME = "too-good"
CATCHES = "val_auc of 0.99 and above: usually a leak in the table, sometimes an easy table"
FIX = "look at the audit (uv run prepare.py --audit) and at the features; if the table is that easy, say so and go on"
COST = Cost.SCORES
LIMIT = 0.99


def run(lab: Lab) -> Finding:
    """Compare val_auc with the limit."""
    return Finding(lab.val_auc < LIMIT, f"val_auc {lab.val_auc:.4f}, the limit for a look is {LIMIT}")
