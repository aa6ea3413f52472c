from __future__ import annotations

from typing import Any

import pytest

from researcher.expressions import import_block
from researcher.hyperparameters import Knob
from researcher.recipe import Member
from researcher.space import FAMILIES, model_call

KNOBS = [(key, knob) for key, family in FAMILIES.items() for knob in family.knobs]


def built(member: Member, *, with_probabilities: bool = False) -> Any:
    code = f"model = {model_call(member, with_probabilities=with_probabilities)}"
    space: dict[str, Any] = {}
    exec(f"{import_block(code)}\n\n{code}", space)
    return space["model"]


def report(model: Any, knob: Knob) -> object:
    """Where the model's knob stands; XGBoost says None of what was left at its default."""
    value = model.get_params()[knob.name]
    return knob.silent if value is None and type(model).__name__ == "XGBClassifier" else value


@pytest.mark.parametrize(("key", "knob"), KNOBS, ids=[f"{key}-{knob.name}" for key, knob in KNOBS])
def test_every_value_of_a_knob_reaches_the_model(key: str, knob: Knob) -> None:
    assert knob.start in knob.values
    for value in knob.values:
        assert report(built(Member(key, params=((knob.name, value),))), knob) == value


@pytest.mark.parametrize("key", FAMILIES)
def test_the_code_says_all_that_differs_from_the_library(key: str) -> None:
    model = built(Member(key))
    assert {knob.name: report(model, knob) for knob in FAMILIES[key].knobs} == {
        knob.name: knob.start for knob in FAMILIES[key].knobs
    }


@pytest.mark.parametrize("key", FAMILIES)
def test_chance_is_seeded_and_threads_are_one(key: str) -> None:
    settings = built(Member(key)).get_params()
    draws_lots = settings.get("random_state", 0) is None and key not in {"logistic", "svm"}
    assert not draws_lots
    assert settings.get("n_jobs") in (None, 1)


@pytest.mark.parametrize("key", FAMILIES)
def test_a_vote_gets_probabilities_from_every_family(key: str) -> None:
    assert hasattr(built(Member(key), with_probabilities=True), "predict_proba")


def test_bags_wrap_the_model() -> None:
    bagged = built(Member("network", bags=5))
    assert (bagged.n_estimators, bagged.random_state, bagged.estimator.max_iter) == (5, 0, 200)
