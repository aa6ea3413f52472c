"""Report a score that is so good that a person should look at the file before the run goes on.

The run stops, and the file is not rejected: some tables are that easy, and some features beat every plain model.
"""

from __future__ import annotations

from harness.checks.base import CheckResult, Cost
from harness.checks.context import CheckContext

NAME = "too-good"
CATCHES = "a val_auc of 0.99 or more, and a large, significant lead over every plain model"
FIX = "look at the audit (uv run prepare.py --audit) and at the features; go on if the table is that easy"
COST = Cost.SCORES
LIMIT = 0.99


def run(context: CheckContext) -> CheckResult:
    """Compare val_auc with the limit, and report every clear lead, also one that is kept on recombined rows.

    A table that scores a row by the best pair of known rows of a class keeps its lead on rows made of such pairs.
    """
    if context.lead is not None and context.lead.is_clear:
        return CheckResult(False, f"{context.lead}; this is either a new interaction or stored labels")
    is_below = context.val_auc < LIMIT
    return CheckResult(is_below, f"val_auc {context.val_auc:.4f} {'is below' if is_below else 'reaches'} {LIMIT}")
