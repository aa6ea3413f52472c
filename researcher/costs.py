"""What an experiment may cost, judged by what the run has measured: on a large table some ideas never end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from researcher.history import Trial
from researcher.recipe import Blend, Recipe

# Well under the 180 CPU seconds that the harness allows: an idea that is cut off there teaches nothing.
LIMIT_CPU_S = 120.0
# The plain baseline takes a tenth of a second on a few hundred rows. Where nothing was quicker than this, what compares
# each row with each other row takes hours.
LARGE_CPU_S = 2.0
COMPARES_ROWS = frozenset({"svm", "neighbours"})
# A stack fits each member once for each of its three folds, and once more.
STACK_FITS = 4


@dataclass(frozen=True, slots=True)
class Prices:
    """CPU seconds of all fits together: the most that each family has taken alone, the least that anything has."""

    by_family: Mapping[str, float]
    least: float


def price_list(trials: Sequence[Trial]) -> Prices:
    """Return what the trials that came to their end have cost."""
    by_family: dict[str, float] = {}
    costs = [(trial, trial.cpu_s) for trial in trials if trial.cpu_s is not None and trial.score is not None]
    for trial, cpu_s in costs:
        member = trial.recipe.members[0]
        if len(trial.recipe.members) == 1 and not member.bags:
            by_family[member.family] = max(by_family.get(member.family, 0.0), cpu_s)
    return Prices(by_family, min((cpu_s for _, cpu_s in costs), default=0.0))


def is_affordable(recipe: Recipe, prices: Prices) -> bool:
    """Whether the recipe should end within its budget; what was never measured is given its chance."""
    never_ends = prices.least > LARGE_CPU_S and bool((recipe.families & COMPARES_ROWS) - prices.by_family.keys())
    return not never_ends and expected_cpu_s(recipe, prices) <= LIMIT_CPU_S


def expected_cpu_s(recipe: Recipe, prices: Prices) -> float:
    """Return the CPU seconds that the recipe's members took on their own, 0 for a family not measured yet."""
    alone = sum(prices.by_family.get(member.family, 0.0) * max(1, member.bags) for member in recipe.members)
    return alone * (STACK_FITS if recipe.blend is Blend.STACK and len(recipe.members) > 1 else 1)
