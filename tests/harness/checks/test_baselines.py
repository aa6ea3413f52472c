"""How far a file leads plain models, where some of them cannot be measured."""

from __future__ import annotations

from dataclasses import replace

import pytest
from templates import ROOT, heart, render

from harness.checks import baselines, label_flip
from harness.checks.context import Lab
from harness.evaluate import FoldWorkers
from harness.trainfile import Source
from harness.workers.pool import Budget, Runner
from prepare import evaluate
from tests.payloads import whole_text

BUDGET = Budget(cpu_s=20.0, wall_s=60.0, memory_mb=2048)
BROKEN = "linear_model import NoSuchModel as Model: a=1"


@pytest.fixture(scope="module")
def hashed(warm_runner: Runner) -> Lab:
    """A file that knows its labels."""
    bench = FoldWorkers(heart(), warm_runner, BUDGET)
    template = whole_text(ROOT / "tests/hostile/labels_hashed.py")
    return bench.lab(evaluate(Source(render(template, heart())), bench, refits=False))


def test_a_plain_model_that_cannot_be_measured_is_passed_over(hashed: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    lab = replace(hashed, plain={})
    monkeypatch.setitem(baselines.MODELS, "neighbours", BROKEN)
    finding = label_flip.run(lab)
    assert lab.lead is not None
    assert not finding.passed
    assert "not measured: neighbours;" in finding.evidence


def test_no_plain_model_is_no_lead(hashed: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    lab = replace(hashed, plain={})
    monkeypatch.setattr(baselines, "MODELS", {"a linear model": BROKEN})
    assert baselines.find_lead(lab) is None
    assert baselines.find_unmeasured(lab) == ["a linear model"]


def test_a_failure_is_paid_once(hashed: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    lab = replace(hashed, plain={}, cpu_s=0.0)
    monkeypatch.setattr(baselines, "MODELS", {"a linear model": BROKEN})
    baselines.find_lead(lab)
    paid = lab.cpu_s
    baselines.find_lead(lab)
    assert paid > 0
    assert lab.cpu_s == paid


def test_a_plain_model_has_a_budget_of_its_own(hashed: Lab) -> None:
    lab = replace(hashed, plain={}, budget=replace(BUDGET, cpu_s=0.0))
    assert baselines.find_lead(lab) is not None
    assert baselines.find_unmeasured(lab) == []


def test_a_slow_plain_model_learns_from_some_rows(hashed: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    lab = replace(hashed, plain={})
    monkeypatch.setattr(baselines, "MAX_ROWS", {"a kernel machine": 100})
    assert baselines.find_lead(lab) is not None
    n_rows = [{len(fold.fit) for fold in told} for told in lab.plain.values() if not isinstance(told, str)]
    assert n_rows[-1] == {100}
    assert {100} not in n_rows[:-1]
