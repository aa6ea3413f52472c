from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from ratchet.core.records import Experiment, Verdict
from researcher.history import Race, idle_pieces, learn
from researcher.mutations import member_of
from researcher.recipe import Member, Recipe, write_note

ROOT = Path(__file__).resolve().parents[2]
BASELINE_SOURCE = (ROOT / "train.py").read_text(encoding="utf-8")
BY_HAND = BASELINE_SOURCE.replace("    return X\n", "    return X.fillna(0)\n")
TREES = Recipe(members=(member_of("extra_trees"),))
SVM = Recipe(members=(member_of("svm"),))
Remembered = Callable[..., Experiment]


def test_an_empty_run_stands_on_the_baseline() -> None:
    known = learn([])
    assert known.incumbent == Recipe()
    assert not known.is_by_hand
    assert known.ranked == ()


def test_the_last_kept_experiment_is_the_incumbent(baseline: Experiment, remembered: Remembered) -> None:
    history = [baseline, remembered(1, TREES, Verdict.KEEP, 0.85), remembered(2, SVM, Verdict.DISCARD, 0.9)]
    known = learn(history)
    assert known.incumbent == TREES
    assert known.tried == {Recipe(), TREES, SVM}
    assert known.ideas == {"idea 1", "idea 2"}


def test_what_was_measured_ranks_before_what_was_cut_short(baseline: Experiment, remembered: Remembered) -> None:
    lda = Recipe(members=(member_of("lda"),))
    history = [
        baseline,
        remembered(1, TREES, Verdict.DISCARD, None, bound=0.79),
        remembered(2, SVM, Verdict.DISCARD, 0.7),
        remembered(3, lda, Verdict.DISCARD, None, bound=0.795),
    ]
    assert [trial.n for trial in learn(history).ranked] == [0, 2, 3, 1]


def test_what_failed_is_tried_but_not_built_on(baseline: Experiment, remembered: Remembered) -> None:
    for verdict in (Verdict.CRASH, Verdict.TIMEOUT, Verdict.REJECT):
        known = learn([baseline, remembered(1, TREES, verdict)])
        assert TREES in known.tried
        assert [trial.n for trial in known.ranked] == [0]
        assert {"extra_trees", "raw", "ordinal"} <= known.barred


def test_a_piece_is_not_barred_once_it_worked_elsewhere(baseline: Experiment, remembered: Remembered) -> None:
    splined = Recipe(members=(Member(numbers="splines"),))
    both = Recipe(("ratios",), (Member(numbers="splines"),))
    history = [baseline, remembered(1, both, Verdict.CRASH), remembered(2, splined, Verdict.DISCARD, 0.7)]
    assert learn(history).barred == {"ratios"}


def test_experiments_of_others_count_but_teach_no_recipe(baseline: Experiment) -> None:
    other = replace(baseline, n=1, verdict=Verdict.DISCARD, note="tried deeper trees")
    assert learn([baseline, other]).tried == {Recipe()}


def test_a_note_of_unknown_pieces_is_no_trial(baseline: Experiment, remembered: Remembered) -> None:
    odd = remembered(1, Recipe(members=(Member("oracle"),)), Verdict.KEEP, 0.9)
    assert learn([baseline, odd]).tried == {Recipe()}


def test_a_kept_file_of_somebody_else_is_by_hand(baseline: Experiment) -> None:
    other = replace(baseline, n=1, verdict=Verdict.KEEP, metric=0.9)
    known = learn([baseline, other], worktree=BY_HAND)
    assert known.is_by_hand
    assert known.hand is not None
    assert known.incumbent == Recipe(hand=known.hand.digest)


def test_an_edited_baseline_is_by_hand_and_was_never_the_plain_one(baseline: Experiment) -> None:
    known = learn([baseline], worktree=BY_HAND)
    assert known.is_by_hand
    assert known.tried == frozenset()
    assert not learn([baseline], worktree=BASELINE_SOURCE).is_by_hand


def test_recipes_on_other_hands_features_are_not_built_on(baseline: Experiment, remembered: Remembered) -> None:
    own = replace(TREES, hand="12345678")
    known = learn([baseline, remembered(1, own, Verdict.DISCARD, 0.9)])
    assert own in known.tried
    assert [trial.recipe for trial in known.ranked] == [Recipe()]


def test_the_arm_of_the_last_idea_is_known_only_if_it_was_kept(baseline: Experiment) -> None:
    kept = replace(baseline, n=1, verdict=Verdict.KEEP, strategy="features", note=write_note(Recipe(("ratios",))))
    assert learn([baseline, kept]).last_arm == "features"
    assert learn([baseline, replace(kept, verdict=Verdict.DISCARD)]).last_arm == ""


def test_a_note_without_an_idea_uses_none_up(baseline: Experiment) -> None:
    for note in ("", "{}", "[]", "text", json.dumps({"idea": None})):
        assert "shrink" not in learn([replace(baseline, note=note)]).ideas


def test_what_changed_nothing_bars_its_subject_but_not_what_the_run_stands_on(
    baseline: Experiment, remembered: Remembered
) -> None:
    bent = Recipe(members=(Member(numbers="hinges"),))
    history = [baseline, remembered(1, bent, Verdict.DISCARD, baseline.metric)]
    assert {"splines", "ratios", "zero_flags"} <= learn(history).barred
    kept = remembered(2, Recipe(("ratios",)), Verdict.KEEP, 0.9)
    assert "ratios" not in learn([*history, kept]).barred


PLAIN = Recipe()
BENT = Recipe(members=(Member(numbers="hinges"),))
BLEND = Recipe(members=(Member(), member_of("forest")))


def test_bent_lines_that_change_nothing_tell_that_there_are_no_numbers() -> None:
    idle = idle_pieces([(PLAIN, 0.8), (BENT, 0.8)])
    assert {"hinges", "splines", "ratios", "power", "zero_flags"} <= idle
    assert "target" not in idle


def test_a_target_rate_that_changes_nothing_tells_that_there_are_no_categories() -> None:
    coded = Recipe(members=(Member(categories="target"), member_of("forest")))
    assert idle_pieces([(BLEND, 0.8), (coded, 0.8)]) == {"target", "category_pairs", "numbers_in_names"}


def test_a_count_of_gaps_that_changes_nothing_tells_that_there_are_none() -> None:
    assert idle_pieces([(PLAIN, 0.8), (Recipe(("missing_count",)), 0.8)]) == {"missing_count", "flags"}


@pytest.mark.parametrize(
    "measured",
    [
        [],
        [(PLAIN, 0.8)],
        [(PLAIN, 0.8), (BENT, 0.8000001)],
        [(PLAIN, 0.8), (Recipe(("zero_flags",)), 0.8)],
        [(PLAIN, 0.8), (Recipe(("ratios",), BENT.members), 0.8)],
        [(PLAIN, 0.8), (Recipe(members=(member_of("forest"),)), 0.8)],
        [(BENT, 0.8), (Recipe(members=(Member(numbers="splines"),)), 0.8)],
    ],
    ids=["nothing", "one", "nearly the same", "no zeros", "two differences", "another family", "two of a subject"],
)
def test_nothing_else_tells_anything(measured: list[tuple[Recipe, float]]) -> None:
    assert idle_pieces(measured) == frozenset()


def test_a_parallel_loop_begins_at_another_family_and_knows_what_the_others_tried(
    baseline: Experiment, remembered: Remembered
) -> None:
    start = replace(remembered(9, TREES, Verdict.KEEP, 0.9), n=0, verdict=Verdict.BASELINE)
    others = (baseline, remembered(1, SVM, Verdict.DISCARD, 0.85), remembered(9, TREES, Verdict.KEEP, 0.9))
    first, second = (learn([start], race=Race(number, others)) for number in (0, 1))
    assert (first.incumbent, second.incumbent) == (TREES, SVM)
    assert {TREES, SVM} <= second.tried
    assert {"idea 1", "idea 9"} <= second.ideas


def test_a_parallel_loop_that_has_kept_something_builds_on_that(baseline: Experiment, remembered: Remembered) -> None:
    start = replace(remembered(9, TREES, Verdict.KEEP, 0.9), n=0, verdict=Verdict.BASELINE)
    others = (remembered(1, SVM, Verdict.DISCARD, 0.85),)
    kept = remembered(1, Recipe(members=(member_of("lda"),)), Verdict.KEEP, 0.91)
    assert learn([start, kept], race=Race(1, others)).incumbent.members[0].family == "lda"


def test_a_fault_of_the_machine_says_nothing_about_a_recipe(baseline: Experiment, remembered: Remembered) -> None:
    fault = replace(remembered(1, TREES, Verdict.CRASH), reason="machine: a worker was killed from outside")
    known = learn([baseline, fault])
    assert (TREES in known.tried, known.barred, known.ideas) == (False, frozenset(), frozenset())
