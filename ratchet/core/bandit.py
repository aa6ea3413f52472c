"""UCB1 over the kinds of idea to try next, computed from the history. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from ratchet.core.config import Bandit
from ratchet.core.records import Experiment, Verdict


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
