"""The next experiment of a run: history in, one new train.py out. Pure: same history and seed, same bytes."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from ratchet.records import Experiment
from researcher.bank import from_bank, opening
from researcher.breeding import bred, wandering
from researcher.costs import is_affordable, price_list
from researcher.edits import Candidate
from researcher.history import Knowledge, learn
from researcher.recipe import Arm, write_note
from researcher.render import is_renderable, render

# What a run turns to, one after the other, once the bank is empty; what pays most often comes twice.
_ROTATION = (
    Arm.HYPERPARAMETERS,
    Arm.ENSEMBLING,
    Arm.PREPROCESSING,
    Arm.FAMILY,
    Arm.HYPERPARAMETERS,
    Arm.ENSEMBLING,
    Arm.FEATURES,
    Arm.SIMPLIFY,
)

# An idea's name in the bank, "" for one that the run itself suggests.
Named: TypeAlias = tuple[str, Candidate]


@dataclass(frozen=True, slots=True)
class Proposal:
    """One experiment: the whole train.py, what it claims, its arm, and what the researcher will want to remember."""

    source: str
    hypothesis: str
    strategy: str
    note: str


def propose(history: Sequence[Experiment], *, seed: int, arm: str = "", desk: str | None = None) -> Proposal:
    """Return the next experiment.

    Parameters
    ----------
    history : sequence of Experiment
        The run so far, oldest first.
    seed : int
        What the choice among equals depends on, beside the history.
    arm : str
        The kind of idea wanted once the opening is played; "" or an unknown word leaves it to the researcher.
    desk : str or None
        The best train.py so far. Its frozen parts are kept, and a feature_fn written by hand is built upon.
    """
    known = learn(history, desk=desk)
    rng = random.Random(f"{seed} {len(history)}")
    idea, candidate = next(_fresh(known, _named(known, arm, seed, rng)))
    source = render(candidate.recipe, candidate.hypothesis, frame=known.frame, hand=known.hand)
    return Proposal(source, candidate.hypothesis, str(candidate.arm), _note(candidate, idea, known))


def _named(known: Knowledge, arm: str, seed: int, rng: random.Random) -> Iterator[Named]:
    """What to try, best guess first, and its name in the bank.

    The opening; then the wanted kind, the rest of the bank, and what the run suggests.
    """
    yield from from_bank(known, set(Arm), opening(seed))
    wanted = [kind for kind in Arm if kind == arm]
    for kind in wanted:
        yield from from_bank(known, {kind})
        yield from (("", candidate) for candidate in bred(known, kind, rng))
    yield from from_bank(known, set(Arm))
    for kind in _rotated(known):
        yield from (("", candidate) for candidate in bred(known, kind, rng))
    while True:
        yield from (("", candidate) for candidate in wandering(known, rng))


def _rotated(known: Knowledge) -> list[Arm]:
    """The arm that was just kept again, else the next in turn: a plateau is answered by another kind of idea."""
    at = len(known.tried) % len(_ROTATION)
    turn = [*_ROTATION[at:], *_ROTATION[:at]]
    return [*(kind for kind in Arm if kind == known.last_arm), *turn]


def _fresh(known: Knowledge, candidates: Iterator[Named]) -> Iterator[Named]:
    """Only what was never tried, can be written and paid for, and holds nothing that is barred."""
    prices = price_list(known.ranked)
    for idea, candidate in candidates:
        recipe = candidate.recipe
        is_new = recipe not in known.tried and is_renderable(recipe)
        if is_new and not known.barred & recipe.pieces and is_affordable(recipe, prices):
            yield idea, candidate


def _note(candidate: Candidate, idea: str, known: Knowledge) -> str:
    named = {"idea": idea} if idea else {}
    kept = "its row features are kept, " if known.hand else ""
    said = {"says": f"train.py was written by hand: {kept}the models start from the bank"} if known.is_by_hand else {}
    return write_note(candidate.recipe, **named, **said)
