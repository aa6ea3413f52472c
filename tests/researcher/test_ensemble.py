from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from ratchet.core.records import Experiment, Verdict
from researcher.codegen import render
from researcher.ensemble import choose, write
from researcher.mutations import member_of
from researcher.recipe import Member, Recipe

Remembered = Callable[..., Experiment]


def alone(family: str, **params: float) -> Recipe:
    return Recipe(members=(member_of(family, **params),))


def test_the_best_of_each_set_of_families_has_a_seat(baseline: Experiment, remembered: Remembered) -> None:
    history = [
        baseline,
        remembered(1, alone("svm"), Verdict.KEEP, 0.84),
        remembered(2, alone("svm", C=0.3), Verdict.DISCARD, 0.83),
        remembered(3, alone("forest"), Verdict.DISCARD, 0.835),
        remembered(4, Recipe(members=(member_of("svm"), Member())), Verdict.KEEP, 0.85),
    ]
    assert choose(history) == (4, 1, 3)  # the baseline's error is 1.33 times the best one's
    assert choose(history, size=2) == (4, 1)


def test_what_is_far_behind_has_no_seat(baseline: Experiment, remembered: Remembered) -> None:
    strong = remembered(1, alone("forest"), Verdict.KEEP, 0.95)
    close = remembered(2, alone("svm"), Verdict.DISCARD, 0.944)
    assert choose([baseline, strong, close]) == (1, 2)


def test_only_what_was_measured_to_the_end_has_a_seat(baseline: Experiment, remembered: Remembered) -> None:
    history = [
        baseline,
        remembered(1, alone("svm"), Verdict.DISCARD, None, bound=0.8),
        remembered(2, alone("forest"), Verdict.CRASH),
        replace(baseline, n=3, verdict=Verdict.DISCARD, note="by another agent"),
    ]
    assert choose(history) == (0,)


def test_a_perfect_score_leaves_space_for_its_equals(baseline: Experiment, remembered: Remembered) -> None:
    history = [baseline, *(remembered(n, alone(f), Verdict.KEEP, 1.0) for n, f in ((1, "svm"), (2, "forest")))]
    assert choose(history) == (1, 2)


def test_the_committee_is_a_train_py_that_names_its_members(baseline: Experiment, remembered: Remembered) -> None:
    source = write([baseline, remembered(1, alone("svm"), Verdict.KEEP, 0.81)])
    assert 'HYPOTHESIS = "Averaging experiments 1, 0 should help because they make different errors"' in source
    assert "SVC" in source
    assert "LogisticRegression" in source
    compile(source, "train.py", "exec")


def test_a_committee_of_one_is_that_one(baseline: Experiment, remembered: Remembered) -> None:
    ahead = Recipe(("ratios",), (member_of("forest"),))
    source = write([baseline, remembered(1, ahead, Verdict.KEEP, 0.99)])
    assert source == render(ahead, "Experiment 1 alone, because no other came close")


def test_an_empty_run_has_no_committee() -> None:
    assert choose([]) == ()
    with pytest.raises(ValueError, match="no measured experiment"):
        write([])
