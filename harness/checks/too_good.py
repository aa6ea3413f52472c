"""Say whether the score is so good that a person should look before anything else is tried.

A reason to stop, not to reject: some tables are that easy, and some authors find what no plain model can.
"""

from __future__ import annotations

from harness.checks.base import CheckResult, Cost
from harness.checks.context import CheckContext

NAME = "too-good"
CATCHES = "val_auc of 0.99 and above, and a long, clear lead over every plain model"
FIX = "look at the audit (uv run prepare.py --audit) and at the features; if the table is that easy, say so and go on"
COST = Cost.SCORES
LIMIT = 0.99


def run(context: CheckContext) -> CheckResult:
    """Compare val_auc with the limit, and look at every lead: what recombined rows leave of it does not clear it.

    A table that scores a row by the best pair of known rows of a class keeps its lead on rows made of such pairs.
    """
    if context.lead is not None and context.lead.is_clear:
        return CheckResult(False, f"{context.lead}: an interaction that somebody found, or a table of labels")
    return CheckResult(context.val_auc < LIMIT, f"val_auc {context.val_auc:.4f}, the limit for a look is {LIMIT}")
