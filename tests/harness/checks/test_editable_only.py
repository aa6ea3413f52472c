"""What a train.py may contain besides its three parts."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from harness.checks.editable_only import first_violation
from harness.checks.names import Names
from harness.evaluate import Status, read_source

BASELINE = (Path(__file__).resolve().parents[3] / "train.py").read_text()


def predicting(statement: str) -> str:
    return BASELINE.replace("\n\n\ndef feature_fn", f"\n{statement}\n\n\ndef feature_fn", 1)


@pytest.mark.parametrize("number", ["+0.003", "-0.01", "0", "1e-3"])
@pytest.mark.parametrize("name", ["PREDICTION", "PREDICTION: float"])
def test_a_prediction_is_a_number_written_out(name: str, number: str) -> None:
    assert read_source(predicting(f"{name} = {number}").encode()).status is Status.OK


@pytest.mark.parametrize("value", ["'much'", "1 + 1", "True", "[0.1]", "None", "float('0.1')", "-True", "not 1"])
def test_anything_else_is_no_prediction(value: str) -> None:
    assert first_violation(predicting(f"PREDICTION = {value}")).startswith("PREDICTION is one number")


@pytest.mark.parametrize(
    "changed",
    [
        BASELINE.replace("a hypothesis, the features", "all labels, the features"),
        BASELINE.replace('"""The one file', '"""', 1),
        BASELINE[BASELINE.index("from sklearn") :],
    ],
)
def test_another_docstring_than_that_of_the_best_is_rejected_and_says_what_to_put_back(changed: str) -> None:
    read = read_source(changed.encode(), BASELINE)
    assert read.status is Status.REJECTED
    assert "put back the one that begins with 'The one file that changes: a hypothesis, the features" in read.reason
    assert "\n" not in read.reason
    assert read_source(changed.encode()).status is Status.OK  # by itself there is nothing to hold it against
    assert read_source(changed.encode(), changed).status is Status.OK  # a run that grew from another docstring


def test_the_docstrings_of_functions_are_free_and_a_best_without_one_holds_nothing_fast() -> None:
    free = BASELINE.replace("Return a fresh, unfitted classifier", "Return a forest")
    assert read_source(free.encode(), BASELINE).status is Status.OK
    assert read_source(BASELINE.encode(), BASELINE[BASELINE.index("from sklearn") :]).status is Status.OK


def test_a_path_that_no_package_has_is_refused_before_it_is_read() -> None:
    deep = "from numpy" + ".a" * 5_000 + " import " + ", ".join(["b"] * 2_500)
    assert "no package is that deep" in first_violation(deep + "\ndef feature_fn(X): ...\ndef build_pipeline(): ...\n")


def test_a_hypothesis_has_200_characters_of_any_script() -> None:
    title = 'HYPOTHESIS = "baseline: standard-scaled logistic regression"'
    assert title in BASELINE
    assert first_violation(BASELINE.replace(title, f'HYPOTHESIS = "{"想" * 200}"')) == ""
    message = first_violation(BASELINE.replace(title, f'HYPOTHESIS = "{"x" * 241}"'))
    assert message.startswith("HYPOTHESIS of 241 characters. Write one line of at most 200")
    assert "packed table" in first_violation(predicting(f'OTHER = "{"想" * 100}"'))


def test_a_path_is_read_no_farther_than_any_package_goes() -> None:
    tree = ast.parse("import numpy as np\nnp" + ".b" * 900)
    assert isinstance(tree.body[1], ast.Expr)
    assert Names(tree).path(tree.body[1].value) == ""


def test_a_forbidden_path_is_found_at_the_head_of_a_long_chain() -> None:
    source = BASELINE + "\nimport numpy as np\nnp.testing" + ".b" * 20 + "\n"
    assert first_violation(source).startswith("numpy.testing is not allowed in train.py")


def test_a_relative_import_is_called_so() -> None:
    assert first_violation(BASELINE + "\nfrom . import x\n").startswith("relative imports are outside the contract")


@pytest.mark.parametrize(
    "text",
    [
        "cholesterol > 200. and age > 50",
        "a = age / 2.\nb = cholesterol",
        "a = 1.5e3 * age",
        ".5 < age",
        "age > 1_000. or sex",
    ],
)
def test_a_number_may_end_in_a_point_in_a_text_of_pandas(text: str) -> None:
    assert first_violation(predicting(f"X.query({text!r})")) == ""


@pytest.mark.parametrize(
    "text",
    [
        "age.real",
        "a1.real",
        "200..real",
        "200. .real",
        "1.5.real",
        "age. real",
        "age.\\\nreal",
        "age.ｒeal",
        "age.__class__",
    ],
)
def test_an_attribute_is_refused_in_a_text_of_pandas(text: str) -> None:
    assert ".query runs its text" in first_violation(predicting(f"X.query({text!r})"))
