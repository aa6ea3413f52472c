"""A gain that rests on picked seeds goes with them; a gain that rests on an idea stays."""

from __future__ import annotations

import ast

import numpy as np
import pytest
from instruments import open_table
from tables import make_frame, take
from templates import ROOT, heart, render

from harness.analyses.conclude import draw_seeds
from harness.checks.seeds import SeedDraws, exchange_seeds
from harness.evaluate import Status, TrainFile
from harness.harness import Harness
from harness.workers.pool import Runner, TaskBudget
from tests.payloads import whole_text

BASELINE = (ROOT / "train.py").read_text(encoding="utf-8")


def exchanged(text: str) -> str | None:
    return exchange_seeds(text, np.random.default_rng(0))


@pytest.mark.parametrize(
    "text",
    [
        "Model(random_state=7)",
        "Model(**{'bagging_seed': 7})",
        "rng = np.random.RandomState(7)",
        "SEED = 7\nModel(random_state=SEED)",
        "N = 7\nnp.random.default_rng(N)",
        "PICKED = [7, 8]\nvotes = [Model(random_state=one) for one in PICKED]",
        "for one in (7, 8):\n    np.random.default_rng(one)",
        "MEAN, KNOWN = [0.5], [7, 8]\nfor _, one in enumerate(KNOWN):\n    np.random.RandomState(one)",
        "class A:\n    def __init__(self):\n        self.n = 7\n    def fit(self):\n        default_rng(self.n)",
        "def fit(k=7):\n    return Model(random_state=k)",
        "def fit(k=7, /, other=1):\n    return Model(random_state=k)",
    ],
)
def test_a_seed_is_exchanged_wherever_it_comes_from(text: str) -> None:
    new = exchanged(text)
    assert new is not None
    assert {node.value for node in ast.walk(ast.parse(new)) if isinstance(node, ast.Constant)}.isdisjoint({7, 8})


def test_other_numbers_stay_and_a_file_without_seeds_has_none() -> None:
    assert exchanged("Model(max_iter=1000)\nfor i in range(5):\n    pass") is None
    assert exchanged(BASELINE) is None
    assert "n_estimators=100" in str(exchanged("Forest(n_estimators=100, random_state=0)"))


def test_the_text_around_a_seed_stays_whatever_it_is() -> None:
    text = "é = 'é'; a = A(random_state=3); b = B(random_state=3)\r\nc = [" + "1+" * 300 + "1, default_rng(3)]"
    new = str(exchanged(text))
    number = new.split("A(random_state=")[1].split(")")[0]
    assert new == text.replace("\r\n", "\n").replace("(3)", f"({number})").replace("=3)", f"={number})")


def test_the_same_seed_gets_the_same_number() -> None:
    one, other = str(exchanged("A(random_state=3)\nB(random_state=3)")).splitlines()
    assert one[1:] == other[1:]


def test_picked_seeds_stand_out_of_other_draws_and_chance_does_not() -> None:
    others = [0.901, 0.903, 0.905, 0.902, 0.904, 0.903]
    assert SeedDraws(0.93, others, n_compared=20).is_picked
    assert not SeedDraws(0.906, others, n_compared=20).is_picked
    assert not SeedDraws(0.93, [0.90, 0.94, 0.91, 0.93, 0.92, 0.95], n_compared=1).is_picked
    assert not SeedDraws(0.9, [0.9, 0.9, 0.9, 0.9], n_compared=1).is_picked


@pytest.mark.slow
def test_a_file_that_fails_with_other_seeds_is_not_cleared(warm_runner: Runner) -> None:
    from harness.checks import seeds
    from harness.evaluate import FoldWorkers
    from prepare import evaluate

    text = render(whole_text(ROOT / "tests/hostile/labels_picked_seeds.py"), heart())
    text = text.replace("HYPOTHESIS =", "assert hash(str(SEEDS)) == hash(SEEDS_TEXT)\nHYPOTHESIS =")
    shown = str(text.split("SEEDS = ")[1].split("\n")[0])
    text = text.replace("assert hash", f"SEEDS = {shown}\nSEEDS_TEXT = {shown!r}\nassert hash", 1)
    workers = FoldWorkers(heart(), warm_runner, TaskBudget(20.0, 300.0, 2048))
    result = evaluate(TrainFile(text), workers, refits=True)
    assert result.status is Status.CRASHED
    assert "with other seeds: AssertionError" in result.reason
    assert seeds.exchange_seeds(text, np.random.default_rng(0)) is not None


@pytest.mark.slow
def test_an_honest_forest_does_not_depend_on_its_seed(tmp_path, warm_runner: Runner) -> None:
    harness: Harness = open_table(take(tmp_path, make_frame()).table, warm_runner)
    forest = BASELINE.replace("linear_model import LogisticRegression", "ensemble import RandomForestClassifier")
    forest = forest.replace("LogisticRegression(max_iter=1000)", "RandomForestClassifier(10, random_state=0)")
    own = harness.evaluate(TrainFile(forest), refits=False).val_auc
    assert own is not None
    found = draw_seeds(harness, TrainFile(forest), own, n_compared=8)
    assert found is not None
    assert len(found.others) == 8
    assert not found.is_picked
    assert draw_seeds(harness, TrainFile(BASELINE), own, n_compared=8) is None
