"""The conclusion: a real gain is supported, selection noise is not, and missing scores are counted."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from instruments import SMALL_RULES
from problems import make_problem
from sklearn.model_selection import StratifiedKFold

from harness import score_store
from harness.analyses.conclude import PARTITIONS, conclude
from harness.checks import baselines
from harness.errors import UserError
from harness.evaluate import read_source
from harness.harness import Harness
from harness.problem import Problem
from harness.workers.pool import Runner

BASELINE = (Path(__file__).resolve().parents[3] / "train.py").read_text()
BLIND = BASELINE.replace("return X\n", "return X[['text']]\n")
SHRUNK = BASELINE.replace("LogisticRegression(max_iter=1000)", "LogisticRegression(C=0.3, max_iter=1000)")
STRONG = BASELINE.replace("LogisticRegression(max_iter=1000)", "LogisticRegression(C=9.0, max_iter=1000)")


def cut(_table: object, partition: int) -> Problem:
    """Split as prepare.py does, with an unshuffled partition 0."""
    problem = make_problem()
    if not partition:
        return problem
    train = problem.train
    folds = StratifiedKFold(5, shuffle=True, random_state=partition).split(train, problem.y[train])
    return replace(problem, folds=[(train[fit], train[val]) for fit, val in folds])


@pytest.fixture
def instruments(warm_runner: Runner) -> Harness:
    return Harness(None, warm_runner, replace(SMALL_RULES, split=cut))  # type: ignore[arg-type]  # no analysis asks for it


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Use one fresh partition instead of four, to save time."""
    monkeypatch.setattr(sys.modules["harness.analyses.conclude"], "PARTITIONS", (1,))


@pytest.fixture
def report(instruments: Harness, tmp_path: Path):
    """Write a run down: (source, verdict) for each experiment; those in `kept` have their scores in the archive."""

    def write(*experiments: tuple[str, str], stopped: tuple[int, ...] = (), lost: tuple[int, ...] = ()):
        rows = []
        for n, (source, verdict) in enumerate(experiments):
            path = tmp_path / f"{n}.py"
            path.write_text(source)
            rows.append({"n": n, "file": str(path), "verdict": verdict, "is_stopped_early": n in stopped})
            if n not in stopped and n not in lost:
                measured = instruments.evaluate(read_source(source.encode()), refits=False)
                score_store.save(tmp_path / "scores", source, measured.scores, measured.test_scores)
        return {"experiments": rows, "store": str(tmp_path / "scores")}

    return write


@pytest.mark.parametrize("partitions", [(1,), pytest.param(PARTITIONS, marks=pytest.mark.slow)])
def test_a_real_gain_is_supported_and_every_number_can_be_written_down(
    instruments, report, monkeypatch, partitions
) -> None:
    monkeypatch.setattr(sys.modules["harness.analyses.conclude"], "PARTITIONS", partitions)
    if len(partitions) == 1:  # two of five plain models are quicker too
        monkeypatch.setattr(baselines, "MODELS", dict(list(baselines.MODELS.items())[:2]))
    answer = conclude(instruments, report((BLIND, "baseline"), (BASELINE, "keep"), (SHRUNK, "discard")))
    assert answer["word"] == "supported"
    assert answer["naive"] > 0.1
    assert answer["corrected"]["low"] > 0
    assert answer["corrected"]["n_experiments"] == 3
    assert len(answer["fresh"]["deltas"]) == answer["fresh"]["n_partitions"] == len(partitions)
    assert answer["fresh"]["mean"] == pytest.approx(np.mean(answer["fresh"]["deltas"]), abs=1e-5)
    for end in answer["test"].values():
        assert end["low"] < end["auc"] < end["high"]
    assert (answer["n_comparisons"], answer["n_stopped_early"], answer["n_missing"]) == (2, 0, 0)
    json.dumps(answer, allow_nan=False)


@pytest.mark.slow
@pytest.mark.usefixtures("quick")
def test_a_gain_of_nothing_is_not_distinguishable_from_noise(instruments, report) -> None:
    answer = conclude(instruments, report((BASELINE, "baseline"), (SHRUNK, "keep")))
    assert answer["word"] == "not distinguishable from selection noise"
    assert "step by step" in answer["caveat"]


def test_a_run_without_gain_concludes_without_measuring(instruments, report) -> None:
    request = report((BASELINE, "baseline"), (SHRUNK, "discard"))
    message: list[str] = []
    instruments.on_progress = message.append
    answer = conclude(instruments, request)
    assert (answer["naive"], answer["corrected"], answer["fresh"]) == (0.0, None, None)
    assert answer["word"] == "not distinguishable from selection noise"
    assert answer["reasons"] == "nothing was kept: the baseline stands"
    assert not any("fold" in text for text in message)


@pytest.mark.slow
@pytest.mark.usefixtures("quick")
def test_what_was_stopped_early_is_counted_or_finished_within_its_budget(instruments, report, tmp_path: Path) -> None:
    request = report((BLIND, "baseline"), (BASELINE, "keep"), (SHRUNK, "discard"), (STRONG, "discard"), stopped=(2, 3))
    answer = conclude(instruments, request)
    assert (answer["n_stopped_early"], answer["corrected"]["n_experiments"]) == (2, 2)
    assert "upper bound: 2 experiments were stopped early" in answer["caveat"]
    one = conclude(instruments, request | {"finish_stopped": True, "cpu_s": 1e-6})
    assert (one["n_stopped_early"], one["corrected"]["n_experiments"]) == (1, 3)
    both = conclude(instruments, request | {"finish_stopped": True})
    assert (both["n_stopped_early"], both["corrected"]["n_experiments"]) == (0, 4)
    assert "upper bound" not in both["caveat"]
    assert score_store.load(tmp_path / "scores", STRONG, 5) is not None


@pytest.mark.slow
@pytest.mark.usefixtures("quick")
def test_lost_scores_are_counted_and_those_of_the_two_ends_measured_again(instruments, report) -> None:
    whole = conclude(instruments, report((BLIND, "baseline"), (BASELINE, "keep")))
    Path(report((BLIND, "baseline"))["store"], f"{score_store.key(BASELINE)}.npz").unlink()
    again = conclude(instruments, report((BLIND, "baseline"), (BASELINE, "keep"), (SHRUNK, "discard"), lost=(1, 2)))
    assert (again["naive"], again["n_missing"]) == (whole["naive"], 1)
    assert "1 experiment has no stored scores" in again["caveat"]


@pytest.mark.slow
@pytest.mark.usefixtures("quick")
def test_the_same_code_is_one_comparison_and_a_refused_one_is_none(instruments, report) -> None:
    answer = conclude(
        instruments, report((BLIND, "baseline"), (BASELINE, "keep"), (BASELINE, "discard"), (SHRUNK, "reject"))
    )
    assert (answer["n_comparisons"], answer["corrected"]["n_experiments"]) == (1, 2)


@pytest.mark.slow
@pytest.mark.usefixtures("quick")
def test_the_sealed_test_stays_sealed_and_is_measured_once_it_is_open(instruments, report, tmp_path: Path) -> None:
    request = report((BLIND, "baseline"), (BASELINE, "keep"), lost=(0, 1))
    assert conclude(instruments, request | {"sealed": True})["test"] is None
    assert score_store.load(tmp_path / "scores", BASELINE, 5) is not None
    assert score_store.load_test(tmp_path / "scores", BASELINE) is None
    assert conclude(instruments, request)["test"]["winner"]["auc"] > 0.5


@pytest.mark.slow
def test_a_winner_that_fails_on_a_fresh_partition_is_not_supported(instruments, report) -> None:
    answer = report((BLIND, "baseline"), (BASELINE, "keep"))
    broken = BASELINE.replace("return X\n", "raise ValueError\n")
    Path(answer["experiments"][1]["file"]).write_text(broken)
    concluded = conclude(instruments, answer)
    assert (concluded["naive"], concluded["fresh"]) == (None, None)
    assert "was not tested on fresh partitions" in concluded["reasons"]


@pytest.mark.slow
def test_predictions_are_scored_against_what_was_measured(instruments, report) -> None:
    request = report((BASELINE, "baseline"), (SHRUNK, "discard"))
    request["experiments"][1] |= {"prediction": 0.003, "delta": -0.001}
    calibration = conclude(instruments, request)["calibration"]
    assert (calibration["n"], calibration["sign_hits"]) == (1, 0)
    assert calibration["mean_absolute_error"] == pytest.approx(0.004)
    assert calibration["correlation"] is None


def test_a_run_without_a_baseline_is_one_clear_line(instruments, report) -> None:
    with pytest.raises(UserError, match="the run has no measured baseline"):
        conclude(instruments, report((BASELINE, "crash")))
