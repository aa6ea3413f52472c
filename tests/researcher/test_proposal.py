from __future__ import annotations

import random
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from ratchet.core.records import Experiment, Verdict
from researcher import Suggestion, propose
from researcher.codegen import is_renderable
from researcher.history import PastExperiment, learn
from researcher.mutations import member_of
from researcher.proposal import LARGE_CPU_S, LIMIT_CPU_S, expected_cpu_s, is_affordable, price_list
from researcher.recipe import Blend, IdeaKind, Member, Recipe, parse_note

ROOT = Path(__file__).resolve().parents[2]
BASELINE_SOURCE = (ROOT / "train.py").read_text(encoding="utf-8")
Judged = Callable[..., Experiment]


def played(baseline: Experiment, judged: Judged, *, seed: int, count: int, arms: bool = False) -> list[Experiment]:
    """A run of random verdicts."""
    rng, history, best = random.Random(seed), [baseline], 0.8
    for n in range(1, count + 1):
        proposal = propose(history, seed=seed, arm=rng.choice(list(IdeaKind)) if arms else "")
        verdict = rng.choices(list(Verdict)[1:], [2, 10, 1, 1, 1])[0]
        best += 0.0005 * (verdict is Verdict.KEEP)
        is_measured = verdict is Verdict.KEEP or (verdict is Verdict.DISCARD and rng.random() < 0.6)
        metric = best if verdict is Verdict.KEEP else best - rng.random() / 10
        history.append(judged(n, proposal, verdict, metric if is_measured else None))
    return history


@pytest.mark.parametrize(
    ("seed", "arms"),
    [(1, True), *(pytest.param(*case, marks=pytest.mark.slow) for case in ((1, False), (2, True), (2, False)))],
)
def test_two_hundred_proposals_repeat_nothing(baseline: Experiment, judged: Judged, seed: int, arms: bool) -> None:
    recipes = [
        parse_note(experiment.note) for experiment in played(baseline, judged, seed=seed, count=200, arms=arms)[1:]
    ]
    assert None not in recipes
    assert all(recipe is not None and is_renderable(recipe) for recipe in recipes)
    assert len(set(recipes)) == 200


def test_the_same_history_and_seed_give_the_same_bytes(baseline: Experiment, judged: Judged) -> None:
    history = played(baseline, judged, seed=5, count=90)
    assert propose(history, seed=5) == propose(list(history), seed=5)
    assert {propose(history, seed=seed).source for seed in range(8)} != {propose(history, seed=5).source}


def test_another_process_gives_the_same_bytes() -> None:
    code = "from researcher import propose; import sys; sys.stdout.write(propose([], seed=3, arm='features').source)"
    outputs = {
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT).stdout
        for _ in range(2)
    }
    assert outputs == {propose([], seed=3, arm="features").source}


@pytest.mark.parametrize("arm", IdeaKind)
def test_the_arm_that_is_wanted_is_the_arm_that_is_tried(
    opened: list[Experiment], judged: Judged, arm: IdeaKind
) -> None:
    history = list(opened)
    for n in range(len(opened), len(opened) + 15):
        proposal = propose(history, seed=1, arm=arm)
        history.append(judged(n, proposal, Verdict.DISCARD, 0.79))
    tried = [experiment.strategy for experiment in history[len(opened) :]]
    assert tried[0] == arm
    # A young run has little to blend or simplify: then another kind of idea is better than none.
    assert tried.count(arm) >= 2


def test_the_opening_comes_first_whatever_arm_is_wanted(baseline: Experiment, opened: list[Experiment]) -> None:
    assert propose([baseline], seed=1, arm="features") == propose([baseline], seed=1)
    assert len({experiment.strategy for experiment in opened[1:]}) >= 4


def test_the_workers_of_a_race_begin_with_other_ideas(baseline: Experiment) -> None:
    first = {propose([baseline], seed=worker).hypothesis for worker in range(4)}
    assert len(first) == 4


def test_an_unknown_arm_leaves_the_choice_to_the_researcher(baseline: Experiment) -> None:
    assert propose([baseline], seed=1, arm="alchemy") == propose([baseline], seed=1)


def test_a_crashed_idea_is_not_built_on(baseline: Experiment, judged: Judged) -> None:
    history = [baseline]
    for n in range(1, 120):
        proposal = propose(history, seed=1)
        has_ratios = "add_ratios" in proposal.source
        outcome = (Verdict.CRASH, None) if has_ratios else (Verdict.DISCARD, 0.7 - n / 1000)
        history.append(judged(n, proposal, *outcome))
    assert [experiment.verdict for experiment in history].count(Verdict.CRASH) == 1


def test_a_table_without_numbers_is_soon_known_as_one(baseline: Experiment, judged: Judged) -> None:
    """Every experiment scores as its recipe does on a table without a number."""
    on_numbers = {"hinges", "splines", "bins", "power", "ratios", "products", "row_summary", "signed_logs"}
    history, scores, idle = [baseline], {Recipe().pieces: 0.8}, 0
    for n in range(1, 60):
        proposal = propose(history, seed=1)
        recipe = parse_note(proposal.note)
        assert recipe is not None
        effective = recipe.pieces - on_numbers | Recipe().pieces
        history.append(judged(n, proposal, Verdict.DISCARD, scores.setdefault(effective, 0.8 - n / 1000)))
        idle += bool(recipe.pieces & on_numbers)
    assert idle == 1


def test_a_hand_written_feature_fn_is_built_on_and_the_note_says_so(baseline: Experiment) -> None:
    by_hand = BASELINE_SOURCE.replace("    return X\n", '    return X.assign(own=X["a"] * 2)\n')
    proposal = propose([baseline], seed=1, worktree=by_hand)
    assert 'X.assign(own=X["a"] * 2)' in proposal.source
    assert "written by hand; its row features are kept and" in proposal.note
    kept = Experiment(1, "c", "", Verdict.KEEP, metric=0.9, note=proposal.note, strategy=proposal.strategy)
    after = propose([baseline, kept], seed=1, worktree=proposal.source)
    assert 'X.assign(own=X["a"] * 2)' in after.source
    assert "written by hand" not in after.note


def test_a_file_of_our_own_is_not_taken_for_hand_work(baseline: Experiment, judged: Judged) -> None:
    first = propose([baseline], seed=1, arm="features")
    history = [baseline, judged(1, first, Verdict.KEEP, 0.9)]
    assert propose(history, seed=1, worktree=first.source) == propose(history, seed=1)


def test_the_frozen_parts_of_the_worktree_are_kept(baseline: Experiment) -> None:
    report = BASELINE_SOURCE.replace("The one file that changes", "Our one file")
    assert propose([baseline], seed=1, worktree=report).source.startswith('"""Our one file')


def test_what_is_reported_and_remembered_fits_the_journal(baseline: Experiment, judged: Judged) -> None:
    for experiment in played(baseline, judged, seed=9, count=150)[1:]:
        assert len(experiment.hypothesis) <= 200
        assert re.fullmatch(r"[A-Z].* should (help|not) .*because .*", experiment.hypothesis)
        assert len(experiment.note) <= 4000
        assert "\n" not in experiment.note + experiment.hypothesis
        assert experiment.strategy in set(IdeaKind)


def test_a_proposal_is_an_experiment_even_on_a_worktree_that_is_not_python(baseline: Experiment) -> None:
    other = replace(baseline, n=1, verdict=Verdict.KEEP, metric=0.9)
    proposal = propose([baseline, other], seed=1, worktree="def (")
    assert isinstance(proposal, Suggestion)
    assert "row features are kept" not in proposal.note
    compile(proposal.source, "train.py", "exec")


FOREST, SVM = member_of("forest"), member_of("svm")


def trial(recipe: Recipe, cpu_s: float | None) -> PastExperiment:
    return PastExperiment(0, recipe, 0.8, None, False, cpu_s)


PRICES = price_list(
    [trial(Recipe(), 1.0), trial(Recipe(members=(FOREST,)), 30.0), trial(Recipe(members=(Member(), SVM)), 500.0)]
)


@pytest.mark.parametrize(
    ("recipe", "cpu_s"),
    [
        (Recipe(), 1.0),
        (Recipe(members=(SVM,)), 0.0),
        (Recipe(members=(FOREST, Member())), 31.0),
        (Recipe(members=(FOREST, Member()), blend=Blend.STACK), 124.0),
        (Recipe(members=(replace(FOREST, bags=5),)), 150.0),
    ],
)
def test_a_recipe_costs_what_its_members_cost_alone(recipe: Recipe, cpu_s: float) -> None:
    assert expected_cpu_s(recipe, PRICES) == cpu_s
    assert is_affordable(recipe, PRICES) is (cpu_s <= LIMIT_CPU_S)


def test_a_time_that_was_not_measured_bars_nothing() -> None:
    assert is_affordable(Recipe(), price_list([trial(Recipe(), None)]))


def test_on_a_large_table_nothing_compares_each_row_with_each_other() -> None:
    small, large = trial(Recipe(), 0.1), trial(Recipe(), LARGE_CPU_S * 2)
    svm = Recipe(members=(SVM,))
    assert is_affordable(svm, price_list([small]))
    assert not is_affordable(svm, price_list([large]))
    assert is_affordable(svm, price_list([large, trial(svm, 20.0)]))


def test_a_run_on_a_large_table_stays_within_its_budget(
    baseline: Experiment, judged: Callable[..., Experiment]
) -> None:
    history = [replace(baseline, cpu_time_s=5.0)]
    for n in range(1, 60):
        proposal = propose(history, seed=1)
        recipe = parse_note(proposal.note)
        assert recipe is not None
        assert not recipe.families & {"svm", "neighbours"}
        assert expected_cpu_s(recipe, price_list(learn(history).ranked)) <= LIMIT_CPU_S
        cpu_s = 5.0 if recipe.families == {"logistic"} else 40.0
        history.append(replace(judged(n, proposal, Verdict.DISCARD, 0.79), cpu_time_s=cpu_s))
