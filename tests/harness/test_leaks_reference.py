"""How far a file leads plain models, where some of them cannot be measured."""

from __future__ import annotations

from dataclasses import replace

import pytest
from test_leaks_labels import ROOT, heart, render

from harness.leaks import label_flip, reference
from harness.leaks.finding import Failure
from harness.leaks.lab import MAX_TRIES, Lab, Lead
from harness.leaks.leaps import Leaps
from harness.measure import Bench
from harness.runner import Budget, Runner
from harness.trainfile import Source

BUDGET = Budget(cpu_s=20.0, wall_s=60.0, memory_mb=2048)
BROKEN = "linear_model import NoSuchModel as Model: a=1"


@pytest.fixture(scope="module")
def hashed(warm_runner: Runner) -> Lab:
    """A file that knows its labels."""
    bench = Bench(heart(), warm_runner, BUDGET)
    template = (ROOT / "tests/hostile/labels_hashed.py").read_text(encoding="utf-8")
    return bench.lab(bench.measure(Source(render(template, heart())), refits=False))


def test_a_plain_model_that_cannot_be_measured_is_passed_over(hashed: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    lab = replace(hashed, plain={})
    monkeypatch.setitem(reference.MODELS, "neighbours", BROKEN)
    finding = label_flip.run(lab)
    assert lab.lead is not None
    assert not finding.passed
    assert "not measured: neighbours;" in finding.evidence


def test_without_any_plain_model_the_check_could_not_look(hashed: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    lab = replace(hashed, plain={})
    monkeypatch.setattr(reference, "MODELS", {"a linear model": BROKEN})
    monkeypatch.setattr(label_flip, "count_leaps", lambda _lab: Leaps(0, 0))
    monkeypatch.setattr(label_flip.exact_rows, "find", lambda _lab: None)
    finding = label_flip.run(lab)
    assert finding.failure is not None
    assert not finding.passed
    assert finding.evidence.startswith("could not look: no plain model could be measured: ImportError")
    assert reference.find_unmeasured(lab) == ["a linear model"]


def test_a_failure_that_lasts_is_paid_once(hashed: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    lab = replace(hashed, plain={}, cpu_s=0.0)
    monkeypatch.setattr(reference, "MODELS", {"a linear model": BROKEN})
    reference.find_lead(lab)
    paid = lab.cpu_s
    reference.find_lead(lab)
    assert paid > 0
    assert lab.cpu_s == paid


def test_a_limit_is_tried_again_and_the_model_serves_once_it_is_measured(hashed: Lab) -> None:
    lab = replace(hashed, plain={}, plain_budget=replace(BUDGET, cpu_s=0.0))
    assert isinstance(reference.find_lead(lab), Failure)
    lab.plain_budget = BUDGET
    assert isinstance(reference.find_lead(lab), Lead)
    assert reference.find_unmeasured(lab) == []


def test_a_limit_is_tried_a_few_times_only(hashed: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    lab = replace(hashed, plain={}, plain_budget=replace(BUDGET, cpu_s=0.0))
    monkeypatch.setattr(reference, "MODELS", dict(list(reference.MODELS.items())[:1]))
    for _ in range(MAX_TRIES + 2):
        reference.find_lead(lab)
    (failure,) = lab.plain.values()
    assert isinstance(failure, Failure)
    assert failure.is_timeout
    assert failure.n_tries == MAX_TRIES


def test_a_plain_model_has_a_budget_of_its_own(hashed: Lab) -> None:
    lab = replace(hashed, plain={}, budget=replace(BUDGET, cpu_s=0.0))
    assert isinstance(reference.find_lead(lab), Lead)
    assert reference.find_unmeasured(lab) == []


def test_a_slow_plain_model_learns_from_some_rows(hashed: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    lab = replace(hashed, plain={})
    monkeypatch.setattr(reference, "MAX_ROWS", {"a kernel machine": 100})
    assert isinstance(reference.find_lead(lab), Lead)
    n_rows = [{len(fold.fit) for fold in told} for told in lab.plain.values() if not isinstance(told, Failure)]
    assert n_rows[-1] == {100}
    assert {100} not in n_rows[:-1]
