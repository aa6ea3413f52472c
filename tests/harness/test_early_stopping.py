"""The exact rule changes no decision; the likely one does not depend on the speed of the folds."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness import score_store
from harness.early_stopping import LEAST, START_SD, Rival, Target, chance, find_rival, is_unlikely, pooled_sd
from harness.evaluate import FoldWorkers, read_source
from harness.server import LIKELY, Request, parse
from prepare import best_possible, cannot_exceed, evaluate, mean_auc

BASELINE = (Path(__file__).resolve().parents[2] / "train.py").read_text()
# Few values, so that ties are common; the ends, and neighbours that rounding may or may not part.
VALUES = st.one_of(
    st.sampled_from([0.0, 0.5, 0.8, 0.9, 0.9000001, 0.9000004, 0.9000005, 0.900001, 1.0]), st.floats(0, 1)
)
FOLDS = st.lists(VALUES, min_size=5, max_size=5)


def kept(experiments: list[list[float]], orders: list[list[int]], *, slack: float, stops: bool) -> list[int]:
    """Play a strict ratchet: the numbers of what is kept. `slack` lowers the bar, as it does for shorter code."""
    found, best = [], mean_auc(experiments[0])
    for n, (aucs, order) in enumerate(zip(experiments[1:], orders, strict=False), 1):
        seen: list[float | None] = [None] * len(aucs)
        for fold in order:
            seen[fold] = aucs[fold]
            if stops and cannot_exceed(Target(best - slack, order), seen):
                break
        if None not in seen and mean_auc(seen) > best - slack:
            found.append(n)
            best = mean_auc(seen)
    return found


@settings(max_examples=3 * settings().max_examples, deadline=None)
@given(
    st.lists(FOLDS, min_size=2, max_size=12),
    st.lists(st.permutations(range(5)), min_size=12, max_size=12),
    st.sampled_from([0.0, 2e-6]),
)
def test_the_exact_rule_keeps_the_same_set_ties_and_ones_included(
    experiments: list[list[float]], orders: list[list[int]], slack: float
) -> None:
    assert kept(experiments, orders, slack=slack, stops=True) == kept(experiments, orders, slack=slack, stops=False)


def test_what_is_perfect_cannot_be_beaten_and_stops_everything() -> None:
    assert cannot_exceed(Target(1.0, range(5)), [1.0, None, None, None, None])
    assert not cannot_exceed(Target(1.0, range(5)), [1.0, 1.0, 1.0, 1.0, 1.0])  # nothing is left to spare
    assert not cannot_exceed(None, [0.0, None, None, None, None])


@given(st.lists(st.one_of(st.none(), VALUES), min_size=5, max_size=5), VALUES)
def test_no_outcome_is_above_the_bound(aucs: list[float | None], rest: float) -> None:
    assert mean_auc([rest if value is None else value for value in aucs]) <= best_possible(aucs)


@given(FOLDS, FOLDS, st.permutations(range(5)), st.floats(0.005, 0.1))
def test_the_likely_rule_does_not_depend_on_which_fold_was_quicker(
    aucs: list[float], best: list[float], order: list[int], sd: float
) -> None:
    rival, beat = Rival(best, sd), mean_auc(best)
    in_turn = any(
        is_unlikely([v if f in order[:k] else None for f, v in enumerate(aucs)], Target(beat, order, rival=rival))
        for k in range(1, 5)
    )
    for late in itertools.permutations(order):  # as folds come in, whatever their turn
        seen: list[float | None] = [None] * 5
        found = False
        for fold in late:
            seen[fold] = aucs[fold]
            found = found or is_unlikely(seen, Target(beat, order, rival=rival))
        assert found == in_turn


def test_the_chance_is_that_of_the_normal_rule() -> None:
    assert chance(0.0, 1, 5, 0.03) == 0.5
    assert chance(-0.03 * 1.6449 * (4 / 5) ** 0.5, 1, 5, 0.03) == pytest.approx(LEAST, abs=1e-4)
    assert chance(-0.03 * 1.6449 * (1 / 20) ** 0.5, 4, 5, 0.03) == pytest.approx(LEAST, abs=1e-4)
    assert (chance(1e-9, 1, 5, 0.0), chance(0.0, 1, 5, 0.0)) == (1.0, 0.0)


def test_the_likely_rule_gives_up_a_large_deficit_and_not_a_small_one() -> None:
    rival = Rival([0.8, 0.85, 0.9, 0.9, 0.9], START_SD)
    beat = mean_auc(rival.fold_aucs)
    likely = Target(beat, range(5), rival=rival)
    assert cannot_exceed(likely, [0.70, None, None, None, None])
    assert not cannot_exceed(Target(beat, range(5)), [0.70, None, None, None, None])
    assert not cannot_exceed(likely, [0.77, None, None, None, None])
    assert not cannot_exceed(
        Target(beat, range(5), rival=rival), [None, 0.70, None, None, None]
    )  # it waits for its turn


def test_the_spread_is_pooled_within_experiments() -> None:
    best = [0.8, 0.8, 0.8, 0.8, 0.8]
    assert pooled_sd([], best) == pytest.approx(START_SD)
    assert pooled_sd([[0.7] * 5], best) == pytest.approx(START_SD / 2**0.5)  # worse everywhere: no spread
    rng = np.random.default_rng(0)
    others = [[0.8 + value for value in row] for row in rng.normal(-0.05, 0.01, (400, 5)).tolist()]
    assert pooled_sd(others, best) == pytest.approx(0.01, rel=0.1)


def test_the_rival_comes_from_what_was_kept_and_from_nothing_else(tmp_path: Path, bench: FoldWorkers) -> None:
    problem, rng = bench.problem, np.random.default_rng(0)
    runs = [[rng.random(len(val)) for _, val in problem.folds] for _ in range(4)]
    for n, scores in enumerate(runs):
        score_store.save(tmp_path, f"file {n}", scores, None)
    (tmp_path / "torn.npz").write_bytes(b"PK")
    known: dict[Path, list[float]] = {}
    rival = find_rival(tmp_path, problem, runs[0], known)
    assert rival is not None
    assert rival.fold_aucs == problem.fold_aucs(runs[0])
    assert rival.sd > START_SD  # random scores differ more than that
    assert find_rival(tmp_path, problem, runs[0], known) == find_rival(tmp_path, problem, runs[0], {}) == rival


@pytest.mark.slow
def test_a_measurement_that_hardly_can_win_is_stopped_with_its_bound(bench: FoldWorkers) -> None:
    source = read_source(BASELINE.encode())
    full = evaluate(source, bench, refits=False)
    assert full.val_auc is not None
    far_better = Rival([min(1.0, (value or 0.0) + 0.2) for value in full.fold_aucs])
    beat = min(mean_auc(far_better.fold_aucs), 0.999)
    stopped = evaluate(source, bench, target=Target(beat, range(5), rival=far_better))
    assert stopped.val_auc is None
    assert stopped.bound is not None
    assert full.val_auc <= stopped.bound
    near = Target(full.val_auc - 0.01, range(5), rival=Rival([value or 0.0 for value in full.fold_aucs]))
    assert evaluate(source, bench, target=near, refits=False).val_auc == full.val_auc


def test_a_request_says_which_rule() -> None:
    def rule(text: str) -> bool | str:
        asked = parse(f'{{"file": "a.py"{text}}}')
        assert isinstance(asked, Request)
        return asked.stop_early

    assert rule("") is True
    assert rule(', "stop_early": false') is False
    assert rule(', "stop_early": "likely"') == LIKELY
    with pytest.raises(ValueError, match="stop_early is 'often', but must be true, false or 'likely'"):
        rule(', "stop_early": "often"')
