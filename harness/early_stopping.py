"""The optional early-stopping rule `likely`: stop an experiment that can still win but probably will not.

The default is the exact rule of prepare.py, which changes no decision. This rule saves more and loses about one true
improvement in a hundred: over 14 tables with the hardest fold first, it saved 52 % of the CPU seconds against 29 %,
and lost 1.2 % of the improvements.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean

from harness import score_store
from harness.problem import Problem, Scores

LEAST = 0.05  # probability of still winning, below which an experiment is stopped
START_SD = 0.03  # of the paired difference of a fold, before anything was measured

FoldAucs = Sequence[float | None]


@dataclass(frozen=True, slots=True)
class Rival:
    """The best so far, for the likely rule: its fold AUCs, and the SD of the fold differences of others from it."""

    fold_aucs: Sequence[float]
    sd: float = START_SD


@dataclass(frozen=True, slots=True)
class Target:
    """What a file has to exceed to be kept: the val_auc `beat`.

    With `stop_early`, folds are skipped once val_auc cannot exceed it; with a `rival`, an experiment that probably
    cannot is stopped, too. In `order`, folds on which the best so far is worst stop a losing experiment soonest.
    """

    beat: float
    order: Sequence[int] = ()
    stop_early: bool = True
    rival: Rival | None = None


def is_unlikely(fold_aucs: FoldAucs, target: Target) -> bool:
    """Whether the first n folds of the order, for some n, leave a probability of winning below LEAST.

    False without a rival. A fold counts once all folds before it in the order have finished, so the answer does not
    depend on their speed.
    """
    rival, order = target.rival, target.order
    if rival is None:
        return False
    lead, needed = 0.0, target.beat - fmean(rival.fold_aucs)
    for n_done, fold in enumerate(order[:-1], 1):
        value = fold_aucs[fold]
        if value is None:
            return False
        lead += value - rival.fold_aucs[fold]
        if chance(lead / n_done - needed, n_done, len(order), rival.sd) < LEAST:
            return True
    return False


def chance(mean_lead: float, n_done: int, n_folds: int, sd: float) -> float:
    """Return the probability that the mean lead over all folds is above 0, given that over the first folds.

    Source: the rule `prob`, Φ(d / (s·sqrt((n - k)/(n·k)))) with d the mean paired difference after k of n folds.
    """
    if sd <= 0:
        return float(mean_lead > 0)
    return 0.5 * math.erfc(-mean_lead / (sd * math.sqrt((n_folds - n_done) / (n_folds * n_done))) / math.sqrt(2))


def pooled_sd(others: Sequence[Sequence[float]], best: Sequence[float]) -> float:
    """Return the SD of the paired fold differences from the best within an experiment, pooled over experiments.

    START_SD counts as one experiment, a prior for the first ones.
    """
    differences = [[value - own for value, own in zip(other, best, strict=True)] for other in others]
    squares = [(value - sum(some) / len(some)) ** 2 for some in differences for value in some]
    freedom = len(best) - 1
    return math.sqrt((START_SD**2 * freedom + sum(squares)) / (freedom * (1 + len(others))))


Known = dict[Path, list[float]]


def find_rival(store: Path, problem: Problem, best: Sequence[Scores], known: Known) -> Rival | None:
    """Return the best so far and the SD of others from it; None if one of its folds has no AUC.

    It depends on the score store alone, so a resumed run decides the same. `known` caches the fold AUCs of the files in
    the store, and is extended.
    """
    own = _whole(problem.fold_aucs(best))
    for path in store.glob("*.npz"):
        if path not in known:
            scores = score_store.load_file(path, len(problem.folds))
            known[path] = _whole(problem.fold_aucs(scores)) if scores else []
    others = [known[path] for path in sorted(known) if path.parent == store and known[path] and known[path] != own]
    return Rival(own, pooled_sd(others, own)) if own else None


def _whole(values: Sequence[float | None]) -> list[float]:
    """Return the values, or [] if one is missing."""
    found = [value for value in values if value is not None]
    return found if len(found) == len(values) else []
