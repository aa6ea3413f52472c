"""A prediction is written down before the result, and belongs to the experiment that it was made for."""

from collections.abc import Callable

import pytest

Ratchet = Callable[..., tuple[int, str, str]]


@pytest.fixture
def predicting(project, ratchet: Ratchet):
    project.configure('prediction = "PREDICTION"')
    ratchet("start", "first")
    return project


def edit(project, score: float, prediction: str) -> None:
    project.edit(score, f"idea {score}")
    project.write("model.py", project.read("model.py") + prediction)


def last(project) -> dict[str, object]:
    return project.journal("first")[-1]


def test_the_constant_in_the_file_is_the_prediction_and_shown_beside_what_came(predicting, ratchet: Ratchet) -> None:
    edit(predicting, 0.6, "PREDICTION = +0.03\n")
    ratchet("step")
    begun = next(event for event in reversed(predicting.journal("first")) if event["event"] == "begin")
    assert begun["prediction"] == 0.03
    assert last(predicting)["prediction"] == 0.03
    assert "  predicted: +0.0300, measured +0.1000\n" in ratchet("show", "1")[1]


def test_the_option_goes_before_the_file(predicting, ratchet: Ratchet) -> None:
    edit(predicting, 0.6, "PREDICTION = +0.03\n")
    ratchet("step", "--predict", "-0.2")
    assert last(predicting)["prediction"] == -0.2


def test_the_line_of_the_step_shows_it(predicting, ratchet: Ratchet) -> None:
    edit(predicting, 0.6, "PREDICTION = +0.03\n")
    assert "(Δ +0.1000, predicted +0.0300) | KEPT" in ratchet("step")[1]


def test_a_file_refused_for_its_prediction_is_measured_once_that_is_mended(predicting, ratchet: Ratchet) -> None:
    project, exits = predicting, 'exits = { 4 = "reject" }'
    project.configure('prediction = "PREDICTION"\n' + exits)
    project.write(
        "measure.py", project.read("measure.py") + "if isinstance(model.PREDICTION, str): raise SystemExit(4)\n"
    )
    project.commit("stricter")
    ratchet("start", "second")
    edit(project, 0.6, 'PREDICTION = "0.03"\n')
    assert "REJECTED" in ratchet("step")[1]
    edit(project, 0.6, "PREDICTION = 0.03\n")
    assert "KEPT" in ratchet("step")[1]


def test_a_prediction_left_in_the_best_version_is_none_of_the_next_experiment(predicting, ratchet: Ratchet) -> None:
    edit(predicting, 0.6, "PREDICTION = +0.03\n")
    ratchet("step")
    edit(predicting, 0.7, "PREDICTION = +0.03\n")
    ratchet("step")
    assert (last(predicting)["verdict"], last(predicting)["prediction"]) == ("keep", None)
    edit(predicting, 0.8, "PREDICTION = +0.04\n")
    ratchet("step")
    assert last(predicting)["prediction"] == 0.04


def test_another_prediction_for_the_same_code_is_no_change(predicting, ratchet: Ratchet) -> None:
    edit(predicting, 0.5, "PREDICTION = 0.5\n")
    assert "DISCARDED (no change)" in ratchet("step")[1]


@pytest.mark.parametrize("value", ["nan", "inf", "much"])
def test_what_is_no_number_is_no_prediction(predicting, ratchet: Ratchet, value: str) -> None:
    status, _, err = ratchet("step", "--predict", value)
    assert (status, "--predict" in err) == (2, True)


def test_without_the_key_the_constant_is_code_like_any_other(project, ratchet: Ratchet) -> None:
    ratchet("start", "first")
    edit(project, 0.5, "PREDICTION = 0.5\n")
    assert "no change" not in ratchet("step")[1]
    assert last(project)["prediction"] is None


def test_a_journal_from_before_there_were_predictions_can_be_read(predicting, ratchet: Ratchet) -> None:
    path = predicting.root / ".ratchet/first/journal.jsonl"
    path.write_text(path.read_text().replace('"prediction": null, ', ""))
    assert ratchet("show", "0")[0] == 0
