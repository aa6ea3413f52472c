"""How far a file leads plain models, where some of them cannot be measured."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from problems import make_problem
from templates import ROOT, heart, render

from harness.checks import baselines, jumps, label_flip
from harness.checks.base import Failure
from harness.checks.context import MAX_TRIES, CheckContext, Lead
from harness.checks.jumps import Jumps
from harness.evaluate import FoldWorkers, TrainFile
from harness.workers.pool import Runner, TaskBudget
from prepare import evaluate
from tests.payloads import whole_text

BUDGET = TaskBudget(cpu_s=20.0, wall_s=60.0, memory_mb=2048)
BROKEN = "linear_model import NoSuchModel as Model: a=1"


@pytest.fixture(scope="module")
def hashed(warm_runner: Runner) -> CheckContext:
    """A file that knows its labels."""
    bench = FoldWorkers(heart(), warm_runner, BUDGET)
    template = whole_text(ROOT / "tests/hostile/labels_hashed.py")
    return bench.context(evaluate(TrainFile(render(template, heart())), bench, refits=False))


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Compare with the two quickest models alone: the others are measured in the same way."""
    monkeypatch.setattr(
        baselines, "MODELS", {name: baselines.MODELS[name] for name in ("a linear model", "neighbours")}
    )


@pytest.mark.usefixtures("few")
def test_a_plain_model_that_cannot_be_measured_is_passed_over(
    hashed: CheckContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = replace(hashed, plain={})
    monkeypatch.setitem(baselines.MODELS, "neighbours", BROKEN)
    finding = label_flip.run(context)
    assert context.lead is not None
    assert not finding.passed
    assert "not measured: neighbours;" in finding.evidence


def test_without_any_plain_model_the_check_cannot_be_completed(
    hashed: CheckContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = replace(hashed, plain={})
    monkeypatch.setattr(baselines, "MODELS", {"a linear model": BROKEN})
    monkeypatch.setattr(label_flip, "count_jumps", lambda _context: Jumps(0, 0))
    monkeypatch.setattr(jumps, "find_exact_rows", lambda _context: None)
    finding = label_flip.run(context)
    assert finding.failure is not None
    assert not finding.passed
    assert finding.evidence.startswith("could not be completed: no plain model could be measured: ImportError")
    assert baselines.find_unmeasured(context) == ["a linear model"]


def test_a_failure_that_lasts_is_paid_once(hashed: CheckContext, monkeypatch: pytest.MonkeyPatch) -> None:
    context = replace(hashed, plain={}, cpu_s=0.0)
    monkeypatch.setattr(baselines, "MODELS", {"a linear model": BROKEN})
    baselines.find_lead(context)
    paid = context.cpu_s
    baselines.find_lead(context)
    assert paid > 0
    assert context.cpu_s == paid


@pytest.mark.slow
@pytest.mark.usefixtures("few")
def test_a_limit_is_tried_again_and_the_model_serves_once_it_is_measured(hashed: CheckContext) -> None:
    context = replace(hashed, plain={}, plain_budget=replace(BUDGET, cpu_s=0.0))
    assert isinstance(baselines.find_lead(context), Failure)
    context.plain_budget = BUDGET
    assert isinstance(baselines.find_lead(context), Lead)
    assert baselines.find_unmeasured(context) == []


def test_a_limit_is_tried_a_few_times_only(hashed: CheckContext, monkeypatch: pytest.MonkeyPatch) -> None:
    context = replace(hashed, plain={}, plain_budget=replace(BUDGET, cpu_s=0.0))
    monkeypatch.setattr(baselines, "MODELS", dict(list(baselines.MODELS.items())[:1]))
    for _ in range(MAX_TRIES + 2):
        baselines.find_lead(context)
    (failure,) = context.plain.values()
    assert isinstance(failure, Failure)
    assert failure.is_timeout
    assert failure.n_tries == MAX_TRIES


@pytest.mark.usefixtures("few")
@pytest.mark.slow
def test_a_plain_model_has_a_budget_of_its_own(hashed: CheckContext) -> None:
    context = replace(hashed, plain={}, budget=replace(BUDGET, cpu_s=0.0))
    assert isinstance(baselines.find_lead(context), Lead)
    assert baselines.find_unmeasured(context) == []


@pytest.mark.slow
@pytest.mark.usefixtures("few")
def test_a_slow_plain_model_learns_from_some_rows(hashed: CheckContext, monkeypatch: pytest.MonkeyPatch) -> None:
    context = replace(hashed, plain={})
    monkeypatch.setattr(baselines, "MAX_ROWS", {"neighbours": 100})
    assert isinstance(baselines.find_lead(context), Lead)
    n_rows = [
        {len(fold.fit) for fold in report} for report in context.plain.values() if not isinstance(report, Failure)
    ]
    assert n_rows[-1] == {100}
    assert {100} not in n_rows[:-1]


@pytest.mark.parametrize("n_classes", [2, 3])
def test_models_that_are_fitted_side_by_side_have_the_scores_of_each_alone(warm_runner: Runner, n_classes: int) -> None:
    bench = FoldWorkers(make_problem(n_classes=n_classes), warm_runner, BUDGET)
    context = bench.context(evaluate(TrainFile((ROOT / "train.py").read_text()), bench, refits=False))
    together, alone = replace(context, plain={}), replace(context, plain={})
    baselines._measure_together(together)
    assert len(together.plain) == len(baselines.MODELS)
    for source, folds in together.plain.items():
        own = alone.plainly(source)
        assert not isinstance(folds, Failure)
        assert not isinstance(own, Failure)
        for one, other in zip(folds, own, strict=True):
            assert np.array_equal(one.scores, other.scores)
            assert np.array_equal(one.probe_scores, other.probe_scores)
