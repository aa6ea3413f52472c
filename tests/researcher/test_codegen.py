from __future__ import annotations

import subprocess
import sys
import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from harness.checks.editable_only import first_violation
from researcher.codegen import is_renderable, render, render_committee
from researcher.history import Knowledge, learn
from researcher.ideas import IDEAS, from_bank
from researcher.mutations import member_of
from researcher.recipe import Blend, IdeaKind, Member, Recipe

BLENDS = ("five members", "stack", "bags")
ROOT = Path(__file__).resolve().parents[2]
ALL_FEATURES = ("numbers_in_names", "ratios", "category_pairs")
BLEND = Recipe(ALL_FEATURES, (Member(codes=True, flags=True), member_of("extra_trees"), member_of("svm")))


def bank() -> dict[str, Recipe]:
    """Every idea of the bank, on the baseline and on a blend of three kinds."""
    plain, blended = learn([]), replace(learn([]), incumbent=replace(BLEND, features=()))
    return {**_built(plain, "on the baseline"), **_built(blended, "on a blend")}


def _built(known: Knowledge, where: str) -> dict[str, Recipe]:
    return {f"{name} {where}": candidate.recipe for name, candidate in from_bank(known, set(IdeaKind))}


RECIPES = {
    **bank(),
    "stack": replace(BLEND, blend=Blend.STACK),
    "five members": replace(BLEND, members=tuple(map(member_of, ("lda", "forest", "svm", "network", "qda")))),
    "two of a family": Recipe(members=(Member(), Member(params=(("C", 0.1),)))),
    "steps behind a tree": Recipe(members=(Member("forest", numbers="standard", steps=("prototypes",)),)),
    "bags": Recipe(members=(replace(member_of("network"), bags=5),)),
}


def loaded(source: str) -> dict[str, Any]:
    space: dict[str, Any] = {"__name__": "train"}
    exec(compile(source, "train.py", "exec"), space)
    return space


def scores(source: str, X: pd.DataFrame, y: np.ndarray) -> np.ndarray:
    """Fit on two thirds of the rows and score the rest."""
    train = loaded(source)
    features = train["feature_fn"](X)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = train["build_pipeline"]().fit(features.iloc[:60], y[:60])
        has_probabilities = hasattr(model, "predict_proba")
        held_out = features.iloc[60:]
        found: np.ndarray = model.predict_proba(held_out) if has_probabilities else model.decision_function(held_out)
    return found


def test_the_plain_recipe_is_the_baseline_to_the_letter() -> None:
    assert render(Recipe(), "baseline: standard-scaled logistic regression") == (ROOT / "train.py").read_text("utf-8")


ON_TABLES = [
    *(pytest.param(name, "mixed", marks=[pytest.mark.slow] if "on a blend" in name else []) for name in RECIPES),
    *(pytest.param(name, "categories", marks=pytest.mark.slow) for name in RECIPES if "on a blend" not in name),
]


@pytest.mark.parametrize(("name", "table"), ON_TABLES)
def test_a_recipe_fits_and_predicts(name: str, table: str, tables: dict[str, pd.DataFrame], target: np.ndarray) -> None:
    found = scores(render(RECIPES[name], "x"), tables[table], target)
    assert len(found) == 30
    assert np.isfinite(found).all()


@pytest.mark.parametrize(
    "name", [*BLENDS, *(f"{idea} on the baseline" for idea in ("lightgbm", "svm", "target", "lasso"))]
)
def test_a_recipe_tells_three_classes_apart(name: str, tables: dict[str, pd.DataFrame]) -> None:
    y = np.arange(90) % 3
    assert scores(render(RECIPES[name], "x"), tables["mixed"], y).shape == (30, 3)


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_keeps_the_contract_of_train_py(name: str) -> None:
    assert first_violation(render(RECIPES[name], "x")) == ""


def test_two_recipes_are_two_programs() -> None:
    assert len({render(recipe, "x") for recipe in RECIPES.values()}) == len(set(RECIPES.values()))


def test_linter_and_formatter_have_nothing_to_say(tmp_path: Path) -> None:
    for at, recipe in enumerate(RECIPES.values()):
        (tmp_path / f"train_{at}.py").write_text(render(recipe, "x"), encoding="utf-8")
    committee = render_committee([BLEND, RECIPES["stack"], RECIPES["bags"]], "x")
    (tmp_path / "committee.py").write_text(committee, encoding="utf-8")
    for what in (["format", "--check"], ["check", "--select=E,F,W,I,B,UP"]):
        command = [sys.executable, "-m", "ruff", *what, "--line-length=120", "--isolated", str(tmp_path)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout[-3000:]


def test_one_idea_is_a_small_diff() -> None:
    plain = render(Recipe(), "x").splitlines()
    shrunk = render(Recipe(members=(Member(params=(("C", 0.1),)),)), "x").splitlines()
    assert len(set(shrunk) - set(plain)) == 1


def test_a_committee_is_the_mean_of_its_members(tables: dict[str, pd.DataFrame], target: np.ndarray) -> None:
    recipes = [BLEND, Recipe(("ratios",), (member_of("lda"),)), Recipe(members=(member_of("forest"),))]
    X = tables["mixed"]
    together = scores(render_committee(recipes, "x"), X, target)
    apart = np.mean([scores(render(recipe, "x"), X, target) for recipe in recipes], axis=0)
    assert together == pytest.approx(apart, abs=0.01)


def test_a_model_that_two_members_share_is_fitted_once() -> None:
    recipes = [Recipe(members=(Member(), member_of("forest"))), Recipe(members=(member_of("forest"),))]
    source = render_committee(recipes, "x")
    assert source.count("RandomForestClassifier(") == 1
    assert "weights=[0.5, 1.5]" in source


def test_a_stack_keeps_its_seat_in_a_committee(tables: dict[str, pd.DataFrame], target: np.ndarray) -> None:
    source = render_committee([RECIPES["stack"], Recipe()], "x")
    assert np.isfinite(scores(source, tables["mixed"], target)).all()


@pytest.mark.parametrize(
    "recipe",
    [
        Recipe(features=("sums",)),
        Recipe(features=("products", "ratios")),
        Recipe(members=()),
        Recipe(members=(Member("oracle"),)),
    ],
)
def test_a_recipe_of_unknown_pieces_is_not_renderable(recipe: Recipe) -> None:
    assert not is_renderable(recipe)


def test_every_idea_can_be_rendered() -> None:
    assert len(IDEAS) > 40
    assert all(is_renderable(recipe) for recipe in RECIPES.values())
