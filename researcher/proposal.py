"""Propose the next experiment of a run: history in, one train.py out. Same history and seed, same bytes.

Ideas that would take too long on the table are left out, judged by the CPU seconds that the run has measured.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from ratchet.core.records import Experiment
from researcher.codegen import is_renderable, render
from researcher.evolution import bred, wandering
from researcher.history import ALONE, Knowledge, PastExperiment, Race, learn
from researcher.ideas import from_bank, opening
from researcher.mutations import RecipeCandidate
from researcher.recipe import Blend, IdeaKind, Recipe, write_note

# Well under the 180 CPU seconds that the harness allows, since a timeout tells nothing about an idea.
LIMIT_CPU_S = 120.0
# The plain baseline takes a tenth of a second on a few hundred rows. Where nothing was quicker than this, a model that
# compares all pairs of rows takes hours.
LARGE_CPU_S = 2.0
COMPARES_ROWS = frozenset({"svm", "neighbours"})
# A stack fits each member once for each of its three folds, and once on all rows.
STACK_FITS = 4


@dataclass(frozen=True, slots=True)
class Prices:
    """CPU seconds of all fits: the maximum of each family on its own, and the minimum of all experiments."""

    by_family: Mapping[str, float]
    least: float


def price_list(trials: Sequence[PastExperiment]) -> Prices:
    """Return the CPU seconds of the completed experiments."""
    by_family: dict[str, float] = {}
    costs = [(trial, trial.cpu_s) for trial in trials if trial.cpu_s is not None and trial.score is not None]
    for trial, cpu_s in costs:
        member = trial.recipe.members[0]
        if len(trial.recipe.members) == 1 and not member.bags:
            by_family[member.family] = max(by_family.get(member.family, 0.0), cpu_s)
    return Prices(by_family, min((cpu_s for _, cpu_s in costs), default=0.0))


def is_affordable(recipe: Recipe, prices: Prices) -> bool:
    """Whether the recipe is expected to end within its budget; a family that was never measured is allowed."""
    never_ends = prices.least > LARGE_CPU_S and bool((recipe.families & COMPARES_ROWS) - prices.by_family.keys())
    return not never_ends and expected_cpu_s(recipe, prices) <= LIMIT_CPU_S


def expected_cpu_s(recipe: Recipe, prices: Prices) -> float:
    """Return the CPU seconds that the recipe's members took on their own, 0 for a family that was not measured yet."""
    alone = sum(prices.by_family.get(member.family, 0.0) * max(1, member.bags) for member in recipe.members)
    return alone * (STACK_FITS if recipe.blend is Blend.STACK and len(recipe.members) > 1 else 1)


# The order of the kinds of idea once the bank is empty; the kinds that most often gain come twice.
_OFTEN = (IdeaKind.HYPERPARAMETERS, IdeaKind.ENSEMBLING)
_ROTATION = (*_OFTEN, IdeaKind.PREPROCESSING, IdeaKind.FAMILY, *_OFTEN, IdeaKind.FEATURES, IdeaKind.SIMPLIFY)

# The name of an idea in the bank, "" for an idea from the run itself.
Named: TypeAlias = tuple[str, RecipeCandidate]


@dataclass(frozen=True, slots=True)
class Suggestion:
    """One experiment: the whole train.py, its hypothesis, its arm, and the researcher's note."""

    source: str
    hypothesis: str
    strategy: str
    note: str


def propose(
    history: Sequence[Experiment], *, seed: int, arm: str = "", worktree: str | None = None, race: Race = ALONE
) -> Suggestion:
    """Return the next experiment of a history, oldest first.

    `arm` is the kind of idea wanted after the opening; "" or an unknown word leaves the choice to the researcher.
    `worktree` is the best train.py so far, whose frozen parts and hand-written feature_fn are kept.
    `race` is what parallel loops know.
    """
    known = learn(history, worktree=worktree, race=race)
    rng = random.Random(f"{seed} {len(history)}")
    idea, candidate = next(_fresh(known, _named(known, arm, seed, rng)))
    source = render(candidate.recipe, candidate.hypothesis, frame=known.frame, hand=known.hand)
    return Suggestion(source, candidate.hypothesis, str(candidate.arm), _note(candidate, idea, known))


def _named(known: Knowledge, arm: str, seed: int, rng: random.Random) -> Iterator[Named]:
    """The candidates with their names in the bank, in the order of preference.

    First the opening, then the wanted kind, the rest of the bank, and ideas from the run itself.
    """
    yield from from_bank(known, set(IdeaKind), opening(seed))
    for kind in (kind for kind in IdeaKind if kind == arm):
        yield from from_bank(known, {kind})
        yield from (("", candidate) for candidate in bred(known, kind, rng))
    yield from from_bank(known, set(IdeaKind))
    # the arm of the last keep first, then all in rotation, so that a plateau leads to another kind of idea
    at = len(known.tried) % len(_ROTATION)
    for kind in (*(kind for kind in IdeaKind if kind == known.last_arm), *_ROTATION[at:], *_ROTATION[:at]):
        yield from (("", candidate) for candidate in bred(known, kind, rng))
    while True:
        yield from (("", candidate) for candidate in wandering(known, rng))


def _fresh(known: Knowledge, candidates: Iterator[Named]) -> Iterator[Named]:
    """The candidates that are new, renderable, affordable, and without a barred piece."""
    prices = price_list(known.ranked)
    for idea, candidate in candidates:
        recipe = candidate.recipe
        is_new = recipe not in known.tried and is_renderable(recipe)
        if is_new and not known.barred & recipe.pieces and is_affordable(recipe, prices):
            yield idea, candidate


def _note(candidate: RecipeCandidate, idea: str, known: Knowledge) -> str:
    named = {"idea": idea} if idea else {}
    kept = "its row features are kept and " if known.hand else ""
    claim = {"says": f"train.py was written by hand; {kept}the models start from the bank"} if known.is_by_hand else {}
    return write_note(candidate.recipe, **named, **claim)
