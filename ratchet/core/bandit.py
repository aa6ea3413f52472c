"""UCB1 over the kinds of idea to try next, computed from the history. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ratchet.core.config import Bandit
from ratchet.core.records import Experiment, Verdict

DIRECTIVES: Mapping[str, str] = {
    "features": "Build, transform or drop columns; leave the model as it is.",
    "preprocessing": "Change how columns are scaled, encoded or filled in; leave the model as it is.",
    "model family": "Replace the estimator by one of another family, with its usual settings.",
    "hyperparameters": "Change one or two settings of the present estimator.",
    "ensembling": "Combine several models: average, stack or bag them.",
    "simplify": "Remove something, and keep the number: fewer steps, columns or settings.",
    "algorithm": "Replace the algorithm by one with a better complexity or a better constant.",
    "data structure": "Store or index the data in another way, so that the frequent operation gets cheap.",
    "micro-optimisation": "Make the innermost loop do less: hoist, inline, avoid copies and lookups.",
    "parallelism": "Do independent work at the same time: vectorise, use threads, processes or a batch.",
    "memory layout": "Change how data lies in memory: contiguous, smaller types, fewer allocations.",
    "rewrite": "Write the slow part anew from its specification, in another way than now.",
}


def directive(arm: str, bandit: Bandit) -> str:
    """Return in words what an agent should do for an arm; empty for an arm that only has a name."""
    return bandit.directives.get(arm) or DIRECTIVES.get(arm, "")


@dataclass(frozen=True, slots=True)
class Arm:
    """A kind of idea, with its number of tries and of kept experiments."""

    name: str
    tries: int
    kept: int

    @property
    def rate(self) -> float:
        """Share of its tries that were kept; 0 without tries."""
        return self.kept / self.tries if self.tries else 0.0


def count_arms(history: Sequence[Experiment], bandit: Bandit) -> list[Arm]:
    """Return every arm with its tries and successes; experiments without a measurement of their own do not count."""
    tried = [experiment for experiment in history if experiment.wall_time_s is not None]
    return [
        Arm(
            name=name,
            tries=sum(experiment.strategy == name for experiment in tried),
            kept=sum(experiment.strategy == name and experiment.verdict is Verdict.KEEP for experiment in tried),
        )
        for name in bandit.arms
    ]


def suggest(history: Sequence[Experiment], bandit: Bandit) -> str:
    """Return the arm to try next: first each arm once, then the one with the highest upper confidence bound.

    The reward of a try is 1 if it was kept, else 0; ties go to the first arm.
    Source: Auer, Cesa-Bianchi and Fischer (2002), figure 1, with `exploration` instead of sqrt(2).
    """
    arms = count_arms(history, bandit)
    total = sum(arm.tries for arm in arms)
    return max(arms, key=lambda arm: _upper_bound(arm, total, bandit.exploration)).name


def _upper_bound(arm: Arm, total: int, exploration: float) -> float:
    if arm.tries == 0:
        return math.inf
    return arm.rate + exploration * math.sqrt(math.log(total) / arm.tries)
