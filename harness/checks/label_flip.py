"""Say whether the scores know labels that the training rows did not tell.

Four looks, because none of them suffices. *Moved rows*: a table of exact rows no longer finds a row that was moved by
less than its unit (jumps.py). *Plain models*: is the file far ahead of what can be learned here
(baselines.py)? *Recombined rows*: a table of near rows, or a model that was grown on every row, loses its
lead on rows put together from two of the same class; who keeps it knows something that holds for new rows, and is
cleared. *Inverted labels*: an honest learner that is taught the opposite falls to about 1 - AUC; a look-up stays up,
but so do a fixed formula and a sign-constrained model, and a file that knows its labels sees the inversion and plays
honest. So this look accuses nobody by itself, and clears nobody of a leap: without a clear lead it is not taken, which
spares most kept experiments of a loop five fits. What is said of moved and of recombined rows is taken from the second
measurement, where they come first: a file that remembers the rows it has scored knows none of theirs yet.

Measured on 79 honest files over eight tables (heart, haberman, breast_recurrence, sonar, german_credit, pima, banknote,
phoneme: 533 measurements, none accused) and 31 files with labels on heart, 13 of them on the others too:

| | honest | exact tables, full to 20 %, or mild | 5 % | near rows, codes, grown models |
|---|---|---|---|---|
| leaps away from the label, of all | .74 of 19, .71 of 590 | .80 to 1.00 of 34 to 1097 | 13 of 13 | few, either way |
| their chance (limit 1e-4) | .17 | at most 6e-6 | 1e-3 | 1 |
| lead over the best plain model | at most 1.2 errors | 2.1 to 12 errors | 0.6 | 4.0 to 13 errors |
| of that lead kept on recombined rows | .86 to 1.06 (weekdays) | at most .59 | | .02 to .67 |
| under inverted labels | at most .55, formula .93 | .09 to 1.0 | .17 | .60 to 1.0 |

Not separated from honest files: a table of one row in twenty (it gains .003 on heart); a linear model that was taught
every row (+.013, flat under all looks); a near-row table that is ahead by less than 2.5 standard errors; labels that
enter as a feature by near rows or by codes, which look like an interaction of columns that an author found (too-good
stops the run for a look at both); and an author's knowledge.
"""

from __future__ import annotations

from harness.checks import baselines, jumps
from harness.checks.base import Cost, Finding
from harness.checks.context import Lab
from harness.checks.jumps import Leaps

NAME = "label-flip"
CATCHES = "labels from anywhere but the training rows: a table in the source, a file, memory"
FIX = "take the labels out of train.py: everything about them is learned in fit, from the y that it is given"
COST = Cost.REFIT
UP = 0.5  # an honest learner of inverted labels scores below
KEPT = 0.75  # of a lead is left on recombined rows where it rests on knowledge


def run(lab: Lab) -> Finding:
    """Take all looks and say what each of them saw."""
    lab.lead = baselines.find_lead(lab)
    found = count_leaps(lab)
    evidence = [
        f"val_auc {lab.val_auc:.4f}",
        f"{found.closer} of {found.n} leaps of moved rows lead away from the label",
    ]
    unmeasured = baselines.find_unmeasured(lab)
    if unmeasured:
        evidence.append(f"not measured: {', '.join(unmeasured)}")
    if lab.lead is None:
        evidence.append("no clear lead over plain models")
        return Finding(not found.is_a_table, "; ".join(evidence))
    flipped = flip(lab)
    stays_up = isinstance(flipped, str) or flipped > UP  # a file that fails there must not profit from it
    evidence += [str(lab.lead), f"under inverted labels {flipped if isinstance(flipped, str) else f'{flipped:.4f}'}"]
    has_lost_it = lab.lead.kept < KEPT
    return Finding(not (has_lost_it and (found.is_a_table or stays_up)), "; ".join(evidence))


def count_leaps(lab: Lab) -> Leaps:
    """Return how the scores of all folds' rows leap when the rows are moved by less than their unit."""
    return jumps.add(jumps.count(*lab.nudged(fold)) for fold in lab.unprimed())


def flip(lab: Lab) -> float | str:
    """Return val_auc, against the true labels, of the file taught the opposite; a str is why it has none."""
    taught = lab.refit(lab.folds, inverted=True)
    return f"not measured ({taught})" if isinstance(taught, str) else lab.auc_of(taught)
