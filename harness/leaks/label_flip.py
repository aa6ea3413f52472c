"""Say whether the scores know labels that the training rows did not tell.

Four looks, because none of them suffices. *Moved rows*: a table of exact rows no longer finds a row that was moved by
less than its unit (harness/leaks/leaps.py). *Plain models*: is the file far ahead of what can be learned from this table
(harness/leaks/reference.py)? *Recombined rows*: a table of near rows, or a model that was grown on every row, is ahead
on the very rows and no longer on rows put together from two of the same class. *Inverted labels*: an honest learner that
is taught the opposite falls to about 1 - AUC; a look-up stays up, but so do a fixed formula and a sign-constrained
model, and a file that knows its labels sees the inversion and plays honest. So this look accuses nobody by itself; it
makes the others look closer.

Measured on 77 honest files over eight tables (heart, haberman, breast_recurrence, sonar, german_credit, pima, banknote,
phoneme; 531 measurements) and 31 files with labels, heart:

| | honest | exact tables, from full to 20 % or mild | 5 % | near rows, codes, grown models |
|---|---|---|---|---|
| leaps to the label, of those that leap | at most .71 of many | .85 to 1.00 | 13 of 13 | 1.00 of few or none |
| their chance (limit 1e-4) | at least .1, or under .8 | at most 6e-6 | 1e-3 | 1 |
| lead over the best plain model | at most 1.2 errors | 2.1 to 4.5 | 0.6 | 4.0 to 4.5 |
| of that lead left on recombined rows | | | | .02 to .63 |
| under inverted labels (limit .5) | at most .49; formula .93 | .09 to 1.0 | .17 | .60 to 1.0 |

Not separated from honest files: a table of one row in twenty (it gains .003), a linear model that was taught every row
(+.013, flat under all looks), a near-row table that is ahead by less than 2.5 standard errors, and an author's knowledge.
"""

from __future__ import annotations

from harness.leaks import leaps, reference
from harness.leaks.finding import Cost, Finding
from harness.leaks.lab import Lab
from harness.leaks.leaps import Leaps
from harness.leaks.reference import Lead

NAME = "label-flip"
CATCHES = "labels from anywhere but the training rows: a table in the source, a file, memory"
FIX = "take the labels out of train.py: everything about them is learned in fit, from the y that it is given"
COST = Cost.REFIT
UP = 0.5  # an honest learner of inverted labels scores below
KEPT_BY_KNOWLEDGE = 0.5  # of a lead must be left on recombined rows; all of it where inverted labels change nothing
MIN_LEAD = 0.03  # a shorter lead may be skill


def run(lab: Lab) -> Finding:
    """Take all looks and say what each of them saw."""
    found, flipped, lead = count_leaps(lab), flip(lab), reference.find_lead(lab)
    stays_up = isinstance(flipped, str) or flipped > UP  # a file that fails there must not profit from it
    evidence = [
        f"val_auc {lab.val_auc:.4f}",
        f"{found.closer} of {found.n} leaps of moved rows lead away from the label",
        _describe(lead),
        f"under inverted labels {flipped if isinstance(flipped, str) else format(flipped, '.4f')}",
    ]
    return Finding(not knows_labels(found, lead, stays_up=stays_up), "; ".join(evidence))


def knows_labels(found: Leaps, lead: Lead | None, *, stays_up: bool) -> bool:
    """Decide from the looks."""
    if found.is_a_table:
        return True
    if lead is None or lead.ahead < MIN_LEAD:
        return False
    return lead.ahead_recombined < lead.ahead * (1.0 if stays_up else KEPT_BY_KNOWLEDGE)


def count_leaps(lab: Lab) -> Leaps:
    """Return how the scores of all folds' rows leap when the rows are moved by less than their unit."""
    return leaps.add(leaps.count(*lab.nudged(fold)) for fold in lab.folds)


def flip(lab: Lab) -> float | str:
    """Return val_auc, against the true labels, of the file taught the opposite; a str is why it has none."""
    taught = lab.refit(lab.folds, inverted=True)
    return f"not measured ({taught})" if isinstance(taught, str) else lab.auc_of(taught)


def _describe(lead: Lead | None) -> str:
    if lead is None:
        return "no clear lead over plain models"
    return (
        f"ahead of {lead.over}, the best plain model, by {lead.ahead:.4f} ± {lead.noise:.4f}, "
        f"on recombined rows by {lead.ahead_recombined:.4f}"
    )
