"""Say whether the score is so good that a person should look before anything else is tried.

A reason to stop, not to reject: some tables are that easy, and some authors find what no plain model can.
"""

from __future__ import annotations

from harness.leaks.finding import Cost, Finding
from harness.leaks.lab import Lab

NAME = "too-good"
CATCHES = "val_auc of 0.99 and above, and a long lead over plain models that is lost on recombined rows"
FIX = "look at the audit (uv run prepare.py --audit) and at the features; if the table is that easy, say so and go on"
COST = Cost.SCORES
LIMIT = 0.99
KEPT = 0.5  # of a lead is left on recombined rows where it rests on single columns or pairs of them


def run(lab: Lab) -> Finding:
    """Compare val_auc with the limit, and the lead with what is left of it."""
    if lab.lead is not None and lab.lead.kept < KEPT:
        return Finding(False, f"{lab.lead}: an interaction that somebody found, or a table of labels")
    return Finding(lab.val_auc < LIMIT, f"val_auc {lab.val_auc:.4f}, the limit for a look is {LIMIT}")
