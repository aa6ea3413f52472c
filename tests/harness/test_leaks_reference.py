"""How far a file leads plain models, where some of them cannot be measured."""

from __future__ import annotations

from dataclasses import replace

import pytest
from test_leaks_labels import ROOT, heart, render

from harness.leaks import label_flip, reference
from harness.leaks.lab import Lab
from harness.measure import Bench
from harness.runner import Budget, Runner
from harness.trainfile import Source
from tests.payloads import whole_text

BUDGET = Budget(cpu_s=20.0, wall_s=60.0, memory_mb=2048)
BROKEN = "linear_model import NoSuchModel as Model: a=1"


@pytest.fixture(scope="module")
def hashed(warm_runner: Runner) -> Lab:
    """A file that knows its labels."""
    bench = Bench(heart(), warm_runner, BUDGET)
    template = whole_text(ROOT / "tests/hostile/labels_hashed.py")
    return bench.lab(bench.measure(Source(render(template, heart())), refits=False))


def test_a_plain_model_that_cannot_be_measured_is_passed_over(hashed: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    lab = replace(hashed, plain={})
    monkeypatch.setitem(reference.MODELS, "neighbours", BROKEN)
    finding = label_flip.run(lab)
    assert lab.lead is not None
    assert not finding.passed
    assert "not measured: neighbours;" in finding.evidence


def test_no_plain_model_is_no_lead(hashed: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    lab = replace(hashed, plain={})
    monkeypatch.setattr(reference, "MODELS", {"a linear model": BROKEN})
    assert reference.find_lead(lab) is None
    assert reference.find_unmeasured(lab) == ["a linear model"]


def test_a_failure_is_paid_once(hashed: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    lab = replace(hashed, plain={}, cpu_s=0.0)
    monkeypatch.setattr(reference, "MODELS", {"a linear model": BROKEN})
    reference.find_lead(lab)
    paid = lab.cpu_s
    reference.find_lead(lab)
    assert paid > 0
    assert lab.cpu_s == paid


def test_a_plain_model_has_a_budget_of_its_own(hashed: Lab) -> None:
    lab = replace(hashed, plain={}, budget=replace(BUDGET, cpu_s=0.0))
    assert reference.find_lead(lab) is not None
    assert reference.find_unmeasured(lab) == []


def test_a_slow_plain_model_learns_from_some_rows(hashed: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    lab = replace(hashed, plain={})
    monkeypatch.setattr(reference, "MAX_ROWS", {"a kernel machine": 100})
    assert reference.find_lead(lab) is not None
    n_rows = [{len(fold.fit) for fold in told} for told in lab.plain.values() if not isinstance(told, str)]
    assert n_rows[-1] == {100}
    assert {100} not in n_rows[:-1]
