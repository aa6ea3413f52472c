"""What the history of a run shows: the best recipe, the recipes that were tried, and their scores.

The researcher never sees the table. If val_auc is the same to the last digit with and without a piece (such as splines
on a table without numbers), the piece had no columns to act on, and neither have the other pieces for such columns.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ratchet.core.records import Experiment, Verdict, best
from researcher.codegen import is_renderable, render
from researcher.recipe import Recipe, parse_note
from researcher.train_contract import PLAIN_FRAME, FrozenParts, HandWork, read_frame, read_hand, same_code

_ON_NUMBERS = frozenset(
    {"hinges", "splines", "bins", "rank_gauss", "power", "robust", "signed_logs", "ratios", "products", "row_summary"}
    | {"row_profile", "neighbour_steps", "zero_flags"}
)
_ON_CATEGORIES = frozenset({"target", "category_pairs", "numbers_in_names"})
_ON_GAPS = frozenset({"missing_count", "flags"})

# A piece that changes the score whenever its kind of column is present, and all pieces for that kind. A flag for zeros
# is not among them, since a table of numbers may have no zero.
_TELLING: Mapping[str, frozenset[str]] = {
    **dict.fromkeys(("hinges", "splines", "bins", "signed_logs", "ratios", "products", "row_summary"), _ON_NUMBERS),
    **dict.fromkeys(("target", "category_pairs"), _ON_CATEGORIES),
    "missing_count": _ON_GAPS,
}
# The defaults, which another piece replaces; they do not count as a difference.
_PLAIN = frozenset({"standard", "raw", "onehot", "ordinal"})


def idle_pieces(measured: Sequence[tuple[Recipe, float]]) -> frozenset[str]:
    """Return the pieces that have no columns to act on, judged by recipes and their scores."""
    found = {(recipe.pieces - _PLAIN, score) for recipe, score in measured}
    # the only difference between two recipes of the same score
    idle = (
        piece for pieces, score in found for piece in pieces & _TELLING.keys() if (pieces - {piece}, score) in found
    )
    return frozenset().union(*(_TELLING[piece] for piece in idle))


_FAILED = frozenset({Verdict.CRASH, Verdict.TIMEOUT, Verdict.REJECT})


@dataclass(frozen=True, slots=True)
class PastExperiment:
    """An experiment whose recipe is known. `score` is its metric, None if it was not measured completely.

    `bound` is the maximum that the metric could still have reached when the experiment was stopped early.
    """

    n: int
    recipe: Recipe
    score: float | None
    bound: float | None
    has_failed: bool
    cpu_s: float | None

    @property
    def rank(self) -> tuple[bool, float]:
        """Sort key: measured above stopped early, then by score or bound."""
        return self.score is not None, self.score if self.score is not None else self.bound or 0.0


@dataclass(frozen=True, slots=True)
class Knowledge:
    """The history as the researcher sees it.

    `incumbent` is the best recipe of the run, or the plain recipe on the hand-written features of a file that is no
    recipe (`is_by_hand`); `hand` and `frame` are the parts of that file that are kept. `tried` holds every recipe
    measured, kept or not. `ranked` holds the experiments that did not fail, best first. `barred` are the pieces that
    have only failed or that have no columns to act on. `ideas` are the names of the ideas that are used up, and
    `last_arm` is the kind of the last one if it was kept.
    """

    incumbent: Recipe
    is_by_hand: bool
    hand: HandWork | None
    frame: FrozenParts
    tried: frozenset[Recipe]
    ranked: tuple[PastExperiment, ...]
    barred: frozenset[str]
    ideas: frozenset[str]
    last_arm: str


@dataclass(frozen=True, slots=True)
class Race:
    """The place among the parallel loops of a run: the number of this one, and the experiments of all others."""

    number: int = 0
    others: tuple[Experiment, ...] = ()


ALONE = Race()


def learn(history: Sequence[Experiment], *, worktree: str | None = None, race: Race = ALONE) -> Knowledge:
    """Return what a history shows, oldest first. Experiments of other agents count, but their recipes are unknown.

    `worktree` is the best train.py so far, whose frozen parts and hand-written row features are kept. None: the
    researcher wrote every file. What the others of a race tried counts as tried here.
    """
    standing = best(history)
    # Whether experiment 0 is the plain baseline; the worktree shows it as long as nothing better was kept.
    has_moved_on = standing is not None and standing.n > 0
    is_plain = worktree is None or has_moved_on or same_code(worktree, render(Recipe(), ""))
    trials = [trial for experiment in history if (trial := _trial(experiment, is_plain=is_plain))]
    trial = _trial(standing, is_plain=is_plain) if standing else None
    own = trial.recipe if trial else Recipe() if is_plain and not standing else None  # None: another agent wrote it
    hand = read_hand(worktree) if worktree is not None and (own is None or own.hand) else None
    digest = hand.digest if hand else ""
    incumbent = own if own is not None and own.hand == digest else Recipe(hand=digest)
    trials += [trial for experiment in race.others if (trial := _trial(experiment, is_plain=False))]
    sound = [trial for trial in trials if not trial.has_failed and trial.recipe.hand == digest]
    ranked = tuple(sorted(sound, key=lambda trial: trial.rank, reverse=True))
    if not has_moved_on:
        incumbent = _of_another_family(incumbent, ranked, race.number)
    return Knowledge(
        incumbent=incumbent,
        is_by_hand=own is None,
        hand=hand,
        frame=PLAIN_FRAME if worktree is None else read_frame(worktree),
        tried=frozenset(trial.recipe for trial in trials),
        ranked=ranked,
        barred=_barred(trials, incumbent),
        ideas=frozenset(_ideas([*history, *race.others])),
        last_arm=history[-1].strategy if history and history[-1].verdict is Verdict.KEEP else "",
    )


def _of_another_family(incumbent: Recipe, ranked: Sequence[PastExperiment], number: int) -> Recipe:
    """Return where a parallel loop begins: the first at the incumbent, the next ones at the best of other families."""
    by_family: dict[str, Recipe] = {}
    for recipe in (incumbent, *(trial.recipe for trial in ranked)):
        by_family.setdefault(recipe.members[0].family, recipe)
    return list(by_family.values())[number % len(by_family)]


def _barred(trials: Sequence[PastExperiment], incumbent: Recipe) -> frozenset[str]:
    failed = {piece for trial in trials if trial.has_failed for piece in trial.recipe.pieces}
    sound = {piece for trial in trials if not trial.has_failed for piece in trial.recipe.pieces}
    idle = idle_pieces([(trial.recipe, trial.score) for trial in trials if trial.score is not None])
    return frozenset((failed - sound) | idle) - incumbent.pieces - Recipe().pieces


def _trial(experiment: Experiment, *, is_plain: bool) -> PastExperiment | None:
    recipe = parse_note(experiment.note)
    if recipe is None and experiment.verdict is Verdict.BASELINE and is_plain:
        recipe = Recipe()
    if recipe is None or not is_renderable(recipe) or experiment.is_machine_fault:
        return None
    has_failed = experiment.verdict in _FAILED
    score = None if has_failed else experiment.metric
    return PastExperiment(experiment.n, recipe, score, experiment.bound, has_failed, experiment.cpu_time_s)


def _ideas(history: Collection[Experiment]) -> Iterator[str]:
    for experiment in (old for old in history if not old.is_machine_fault):
        try:
            note: Any = json.loads(experiment.note)
            yield str(note["idea"])
        except (ValueError, TypeError, KeyError):
            continue
