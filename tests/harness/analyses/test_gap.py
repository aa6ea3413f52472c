"""The drop on the held-out rows exceeds that of plain models if the winner is overfitted to the folds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from problems import make_problem

from harness.analyses.gap import compare
from harness.problem import Problem, Scores

NOISE = 1.0


@dataclass
class Plain:
    """What a measurement of a plain model leaves."""

    scores: list[Scores]
    test_scores: Scores


@pytest.fixture(scope="module")
def problem() -> Problem:
    return make_problem(n_rows=400)


def scored(problem: Problem, known: float, seed: int) -> Plain:
    """Score every row by its label and noise; the folds' rows by `known` more of their label."""
    rng = np.random.default_rng(seed)
    own = problem.y + rng.normal(size=len(problem.y)) * NOISE
    return Plain([own[val] + known * problem.y[val] for _, val in problem.folds], own[problem.test])


def test_who_knows_the_rows_of_the_folds_falls_deeper(problem: Problem) -> None:
    winner, plain = scored(problem, 2.0, 1), [scored(problem, 0.0, seed) for seed in (2, 3, 4)]
    gap = compare(problem, winner.scores, winner.test_scores, plain, picked=0.0)  # type: ignore[arg-type]
    assert gap is not None
    assert gap.is_deeper
    assert gap.winner > gap.plain + 0.1
    assert "the winner is overfitted to the training rows" in str(gap)


def test_what_selection_explains_is_no_knowledge(problem: Problem) -> None:
    winner, plain = scored(problem, 2.0, 1), [scored(problem, 0.0, seed) for seed in (2, 3, 4)]
    gap = compare(problem, winner.scores, winner.test_scores, plain, picked=0.3)  # type: ignore[arg-type]
    assert gap is not None
    assert not gap.is_deeper


@pytest.mark.parametrize("n_winners", [40, pytest.param(200, marks=pytest.mark.slow)])
def test_honest_winners_are_accused_about_as_seldom_as_the_error_says(problem: Problem, n_winners: int) -> None:
    gaps = []
    for seed in range(10, 10 + 4 * n_winners, 4):  # new plain models each time: their own noise is part of the error
        winner, *plain = (scored(problem, 0.0, seed + i) for i in range(4))
        gaps.append(compare(problem, winner.scores, winner.test_scores, plain, picked=0.0))  # type: ignore[arg-type]
    assert np.mean([gap is not None and gap.is_deeper for gap in gaps]) < 0.08


def test_a_class_of_one_row_says_nothing(problem: Problem) -> None:
    few = Problem(problem.X, problem.y, problem.train, problem.test[:2], problem.folds, 42)
    winner = scored(few, 0.0, 1)
    assert compare(few, winner.scores, winner.test_scores, [scored(few, 0.0, 2)], picked=0.0) is None  # type: ignore[arg-type, list-item]
