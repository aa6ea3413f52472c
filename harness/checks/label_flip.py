"""Say whether the scores know labels that the training rows did not tell.

Looks that fail in different ways, because none of them suffices. *Moved rows*: a table of exact rows no longer finds a
row that was moved by less than its unit (harness/checks/jumps.py; where only a few rows leap,
harness/checks/exact_rows.py). *Plain models*: is the file ahead of what can be learned (harness/checks/baselines.py)?
*Recombined rows*: what was grown on the very rows loses its lead on rows put together from two of the same class; the
paired loss has an error far smaller than that of the lead, so the smallest lead is looked at. *Inverted labels*: an
honest learner that is taught the opposite scores 1 - AUC; what was known before stands above that, but so do a fixed
formula and a sign-constrained model, so this accuses only together with a loss. It costs five fits, and most kept
experiments of a loop are spared them. Moved and recombined rows are judged by the second measurement, where they come
first: a file that remembers the rows it has scored knows none of theirs yet.

What accuses is enough; a file is cleared only if every look could be taken. Measured on 87 honest files on heart and
about 80 each on sonar, haberman, breast_recurrence, pima, german_credit and banknote, and on attacks on heart:

| | honest | exact tables, full to 20 % | few exact rows | picked seeds | priors grown on all rows |
|---|---|---|---|---|---|
| leaps away from the label, of all | .74 of 19, .71 of 590 | .80 to 1.00 of 34 to 1097 | 5 of 6 | few | few |
| chance that rows leap from 96 copies | | | 6e-7 | | |
| val_auc lead over the best plain model | to +.018 on heart | +.09 | +.027 | +.010 to +.048 | +.002 to +.093 |
| lead lost on recombined rows, in errors | at most 2.6 | 4.6 | 2.1 | 1.4 (one), 3.5 (four), 4.1 (six) | -0.5 to 6.2 |
| AUC under both labels, less 1 | within .011; formula .85 | 1.0 | .06 | .12 (six) | .91 |

Not separated from honest files: up to four exact rows; a prior as smooth as a linear model, which keeps its lead on
recombined rows; fewer than four picked seeds; an author's knowledge. How large such a gain can be is computed for the
table (harness/checks/invisible.py) and stands in the evidence; a clear lead is at least looked at (too-good), and what
was learned from the folds' rows outside shows on the held-out rows at the end (harness/analyses/gap.py).
"""

from __future__ import annotations

from harness.checks import baselines, exact_rows, jumps
from harness.checks.base import CheckResult, Cost, Failure, could_not_look
from harness.checks.context import CheckContext, Lead
from harness.checks.exact_rows import ExactRows
from harness.checks.invisible import find_invisible
from harness.checks.jumps import Jumps

NAME = "label-flip"
CATCHES = "labels from anywhere but the training rows: a table in the source, a file, memory"
FIX = "take the labels out of train.py: everything about them is learned in fit, from the y that it is given"
COST = Cost.REFIT
UP = 0.5  # an honest learner of inverted labels scores below
KEPT = 0.75  # of a clear lead is left on recombined rows where it rests on knowledge
UNLEARNED = 0.03  # AUC under both labels, less 1: learners stay within .011 of 0, what was known before stands above


def run(context: CheckContext) -> CheckResult:
    """Take all looks and say what each of them saw: what accuses is enough, but only all of them clear a file."""
    lead, found = baselines.find_lead(context), count_jumps(context)
    context.lead = lead if isinstance(lead, Lead) else None
    exact = None if found.is_a_table else exact_rows.find(context)
    is_of_labels, failure, seen = _judge_lead(context, found)
    unmeasured, invisible = baselines.find_unmeasured(context), find_invisible(context)
    evidence = [
        f"val_auc {context.val_auc:.4f}",
        f"{found.closer} of {found.n} leaps of moved rows lead away from the label",
        *([str(exact)] if isinstance(exact, ExactRows) else []),
        *([f"not measured: {', '.join(unmeasured)}"] if unmeasured else []),
        *seen,
        *([str(invisible)] if invisible else []),
    ]
    if is_of_labels or (isinstance(exact, ExactRows) and exact.is_known):
        return CheckResult(False, "; ".join(evidence))
    for result in (lead, exact, context.again(), failure):
        if isinstance(result, Failure):
            return could_not_look(result, "; ".join(evidence))
    return CheckResult(True, "; ".join(evidence))


def _judge_lead(context: CheckContext, found: Jumps) -> tuple[bool, Failure | None, list[str]]:
    """Return whether the lead is one of labels, what failed on the way, and the evidence."""
    lead = context.lead
    if lead is None:
        return found.is_a_table, None, ["no lead over plain models"]
    is_shrunk = lead.lost > baselines.LOST * lead.lost_noise
    if not (lead.is_clear or is_shrunk):
        return found.is_a_table, None, [str(lead)]
    flipped = flip(context)
    has_lost_it = lead.kept < KEPT if lead.is_clear else found.is_a_table
    if isinstance(flipped, Failure):  # a file that fails here must not profit from it where its clear lead is lost
        return has_lost_it, flipped, [str(lead), f"under inverted labels not measured ({flipped.reason})"]
    is_unlearned = is_shrunk and flipped + context.val_auc - 1 > UNLEARNED
    is_of_labels = is_unlearned or (has_lost_it and (found.is_a_table or flipped > UP))
    return is_of_labels, None, [str(lead), f"under inverted labels {flipped:.4f}"]


def count_jumps(context: CheckContext) -> Jumps:
    """Return how the scores of all folds' rows leap when the rows are moved by less than their unit."""
    return jumps.add(jumps.count(*context.nudged(fold)) for fold in context.unprimed())


def flip(context: CheckContext) -> float | Failure:
    """Return val_auc, against the true labels, of the file taught the opposite; a Failure is why it has none."""
    taught = context.refit(context.folds, inverted=True)
    return taught if isinstance(taught, Failure) else context.auc_of(taught)
