"""Measure real files on a small table: the numbers are scikit-learn's, and what cannot win is not run to its end."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from problems import make_problem
from sklearn.metrics import roc_auc_score

from harness.checks import CheckResult, Cost, Failure, jumps
from harness.checks.base import could_not_look
from harness.checks.context import CheckContext
from harness.early_stopping import Target
from harness.evaluate import FoldWorkers, Status, TrainFile, read_source
from harness.workers.launcher import MACHINE
from harness.workers.pool import Runner, TaskBudget
from prepare import best_possible, evaluate

RENAMING = re.compile(r"return X\.set_axis.*?axis=1\)")
BASELINE = (Path(__file__).resolve().parents[2] / "train.py").read_text()


def plain_val_auc(bench: FoldWorkers) -> float:
    """What plain scikit-learn says of the baseline on the same folds, in this process."""
    module: dict[str, object] = {"__name__": "train"}
    exec(BASELINE, module)
    values = []
    for fit, val in bench.problem.folds:
        model = module["build_pipeline"]().fit(bench.problem.rows(fit), bench.problem.y[fit])  # type: ignore[operator]
        scores = model.predict_proba(bench.problem.rows(val))
        y = bench.problem.y[val]
        is_binary = bench.problem.n_classes == 2
        values.append(roc_auc_score(y, scores[:, 1]) if is_binary else roc_auc_score(y, scores, multi_class="ovr"))
    return float(np.mean(values))


def test_the_number_is_that_of_plain_scikit_learn(bench: FoldWorkers) -> None:
    measured = evaluate(read_source(BASELINE.encode()), bench)
    assert measured.status is Status.OK, measured.reason
    assert measured.val_auc == round(plain_val_auc(bench), 6)
    assert measured.leaks == []
    assert measured.test_scores is not None
    assert len(measured.test_scores) == len(bench.problem.test)


def test_more_than_two_classes_are_scored_one_against_the_rest(warm_runner: Runner) -> None:
    three = FoldWorkers(make_problem(240, n_classes=3), warm_runner, TaskBudget(20.0, 60.0, 2048))
    measured = evaluate(read_source(BASELINE.encode()), three)
    assert measured.status is Status.OK, measured.reason
    assert measured.val_auc == pytest.approx(plain_val_auc(three), abs=1e-6)


def test_a_forgotten_seed_gives_the_same_bits_twice(bench: FoldWorkers) -> None:
    forest = BASELINE.replace("LogisticRegression(max_iter=1000)", "RandomForestClassifier(10)").replace(
        "from sklearn.linear_model import LogisticRegression", "from sklearn.ensemble import RandomForestClassifier"
    )
    first, second = (evaluate(read_source(forest.encode()), bench, refits=False) for _ in range(2))
    assert first.status is Status.OK, first.reason
    assert all((a == b).all() for a, b in zip(first.scores, second.scores, strict=True))  # type: ignore[union-attr]


@pytest.mark.slow
def test_the_number_does_not_depend_on_how_many_workers_there_are(bench: FoldWorkers) -> None:
    source = read_source(BASELINE.encode())
    with Runner(1) as one:
        alone = evaluate(source, FoldWorkers(bench.problem, one, bench.budget))
    assert alone.val_auc == evaluate(source, bench).val_auc


def test_what_cannot_win_any_more_is_stopped_with_its_bound(bench: FoldWorkers) -> None:
    source = read_source(BASELINE.encode())
    stopped = evaluate(source, bench, target=Target(0.9999))
    assert stopped.val_auc is None
    assert stopped.bound is not None
    assert stopped.bound <= 0.9999
    full = evaluate(source, bench, refits=False)
    assert full.val_auc is not None
    assert stopped.bound >= full.val_auc
    beaten = evaluate(source, bench, target=Target(full.val_auc - 1e-6), refits=False)
    assert beaten.val_auc == full.val_auc


def test_checks_that_refit_run_for_a_winner_alone(bench: FoldWorkers) -> None:
    source = read_source(BASELINE.encode())
    winner, loser = (
        evaluate(source, bench, target=Target(0.1)),
        evaluate(source, bench, target=Target(0.1), refits=False),
    )
    assert "label-flip" in dict(winner.findings)
    assert "label-flip" not in dict(loser.findings)
    assert winner.checks_cpu_s > loser.checks_cpu_s > 0


def test_the_budget_of_the_experiment_is_kept(bench: FoldWorkers) -> None:
    spinning = BASELINE.replace("    return X\n", "    while True:\n        pass\n")
    tight = FoldWorkers(bench.problem, bench.runner, TaskBudget(cpu_s=1.0, wall_s=60.0, memory_mb=2048))
    measured = evaluate(read_source(spinning.encode()), tight)
    assert measured.status is Status.TIMEOUT
    assert measured.reason.startswith("CPU budget of 1 s, used 1.")
    assert measured.val_auc is None
    assert measured.cpu_s < 1.4


def test_a_file_that_defines_nothing_useful_gets_a_reason() -> None:
    assert read_source(b"feature_fn = 1").status is Status.REJECTED
    assert read_source(b"def").status is Status.CRASHED
    assert read_source(b"HYPOTHESIS = 'a\\tb'\n" + BASELINE.encode()).hypothesis == "a b"


def test_the_bound_is_computed_as_val_auc_is() -> None:
    assert best_possible([0.5, None, None, None, None]) == 0.9
    assert best_possible([0.5, 0.6, 0.7, 0.8, 0.9]) == 0.7


def test_a_source_that_could_not_be_read_is_not_run(bench: FoldWorkers) -> None:
    measured = evaluate(TrainFile("", None, Status.REJECTED, "no such file"), bench)
    assert (measured.status, measured.reason, measured.cpu_s) == (Status.REJECTED, "no such file", 0.0)


@pytest.mark.parametrize(
    ("method", "is_timeout", "status"),
    [
        ("again", True, Status.TIMEOUT),
        *(
            pytest.param(method, is_timeout, status, marks=pytest.mark.slow)
            for method in ("copies", "refit", "again")
            for is_timeout, status in ((True, Status.TIMEOUT), (False, Status.CRASHED))
            if (method, is_timeout) != ("again", True)
        ),
    ],
)
def test_a_check_that_could_not_look_clears_nobody(
    bench: FoldWorkers, monkeypatch: pytest.MonkeyPatch, method: str, is_timeout: bool, status: Status
) -> None:
    failure = Failure("memory limit of 2048 MB", is_timeout=is_timeout, is_transient=True)
    monkeypatch.setattr(CheckContext, method, lambda *_args, **_more: failure)
    if method == "refit":  # the plain models are fitted one by one where they cannot be fitted side by side
        monkeypatch.setattr(CheckContext, "plainly_together", lambda *_args: None)
    monkeypatch.setattr(jumps, "_suspicious_level", lambda _found: 0.0)  # let it ask for copies
    own = FoldWorkers(bench.problem, bench.runner, bench.budget)
    measured = evaluate(read_source(BASELINE.encode()), own)
    assert measured.status is status
    assert measured.reason.startswith("label-flip could not be completed: ")
    assert "memory limit of 2048 MB" in measured.reason
    assert measured.val_auc is None
    assert measured.leaks == []


def test_features_that_could_not_be_read_clear_nobody(bench: FoldWorkers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(CheckContext, "features", lambda *_: Failure("memory limit", is_transient=True))
    measured = evaluate(read_source(BASELINE.encode()), bench, target=Target(0.1))
    assert measured.reason == "row-wise-features could not be completed: memory limit"
    assert measured.status is Status.CRASHED


class KilledInARefit:
    """A check whose file was killed from outside while it was fitted once more, with the reason that this has."""

    NAME, CATCHES, FIX, COST = "killed", "", "", Cost.SCORES

    def __init__(self, reason: str) -> None:
        self.reason = reason

    def run(self, context: CheckContext) -> CheckResult:
        begin = "import os\nos.kill(os.getpid(), 9)" if not self.reason else f"raise ValueError({self.reason!r})"
        failed = context.refit(context.folds, source=begin)
        assert isinstance(failed, Failure)
        return could_not_look(replace(failed, reason=f"with other seeds: {failed.reason}"))


@pytest.mark.parametrize("is_guarded", [False, True])
def test_only_a_worker_that_was_killed_is_a_failure_of_the_machine(
    bench: FoldWorkers, monkeypatch: pytest.MonkeyPatch, *, is_guarded: bool
) -> None:
    monkeypatch.setattr("harness.evaluate.CHECKS", (KilledInARefit("machine: no" if is_guarded else ""),))
    open_bench = replace(bench, is_guarded=is_guarded)  # without the sandbox a file can kill itself
    measured = evaluate(read_source(BASELINE.encode()), open_bench, refits=False)
    assert (measured.status, measured.val_auc) == (Status.CRASHED, None)
    machine = f"{MACHINE} a worker was killed from outside by SIGKILL"
    file = "killed could not be completed: with other seeds: ValueError: machine: no"
    assert measured.reason.startswith(file if is_guarded else machine), measured.reason


@pytest.mark.parametrize("model", ["xgboost.XGBClassifier(n_estimators=2)", "lightgbm.LGBMClassifier(n_estimators=2)"])
def test_names_that_a_library_refuses_crash_with_the_line_that_renames_them(warm_runner: Runner, model: str) -> None:
    problem = make_problem(60)
    numbers = problem.X.select_dtypes("number").iloc[:, :2].set_axis(["size[mm]", "a:b"], axis=1)
    renamed = FoldWorkers(replace(problem, X=numbers), warm_runner, TaskBudget(20.0, 60.0, 2048))
    package = model.partition(".")[0]
    source = (
        f"import {package}\n"
        'HYPOTHESIS = "trees"\n\ndef feature_fn(X):\n    return X\n\n'
        f"def build_pipeline():\n    return {model}\n"
    )
    crashed = evaluate(read_source(source.encode()), renamed, refits=False)
    assert crashed.status is Status.CRASHED
    line = RENAMING.search(crashed.reason)
    assert line is not None, crashed.reason
    fixed = evaluate(read_source(source.replace("return X\n", f"{line[0]}\n").encode()), renamed, refits=False)
    assert fixed.status is Status.OK, fixed.reason
