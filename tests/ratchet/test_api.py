"""The ratchet from Python."""

import numpy as np
import pytest

import ratchet
from ratchet import (
    Experiment,
    RatchetError,
    SystemExperiment,
    Verdict,
    evaluate_result,
    get_experiment_history,
    history,
    prepare_experiment,
    run_experiment,
    verdict,
)

SOURCE = 'HYPOTHESIS = "from Python"\nSCORE = {}\n'


def test_an_experiment_can_be_run_from_a_notebook(project) -> None:
    made = run_experiment(SOURCE.format(0.6))
    assert isinstance(made, Experiment)
    assert (made.n, made.verdict, made.metric, made.hypothesis) == (1, Verdict.KEEP, 0.6, "from Python")
    assert project.kept() == ["start", "iter 1: from Python"]


def test_what_a_child_does_is_never_an_exception(project) -> None:
    made = run_experiment("import os\nos.kill(os.getpid(), 9)\n", message="violent")
    assert (made.verdict, made.metric, made.hypothesis) == (Verdict.CRASH, None, "violent")


def test_a_history_is_newest_first_and_passes_over_damage_with_a_warning(project) -> None:
    run_experiment(SOURCE.format(0.6))
    run_experiment(SOURCE.format(0.4))
    assert [(old.n, old.verdict) for old in history()] == [(2, "discard"), (1, "keep"), (0, "baseline")]
    tag = project.git("symbolic-ref", "--short", "HEAD").split("/")[1]
    path = project.root / f".ratchet/{tag}/journal.jsonl"
    lines = path.read_text().splitlines()
    lines[4] = "damaged"
    path.write_text("\n".join(lines) + "\n")
    with pytest.warns(UserWarning, match="line 5"):
        assert [old.n for old in history(tag=tag)] == [2, 0]


def test_a_verdict_can_be_asked_for_without_running_anything(project) -> None:
    run_experiment(SOURCE.format(0.6))
    before = project.git("for-each-ref")
    assert verdict({"score": 0.7}).verdict is Verdict.KEEP
    assert verdict({"score": 0.6}).verdict is Verdict.DISCARD
    assert verdict({"score": None}).verdict is Verdict.CRASH
    assert project.git("for-each-ref") == before


@pytest.mark.parametrize("value", [float("inf"), float("nan"), "abc", True, None])
def test_what_is_no_finite_number_was_not_measured(project, value) -> None:
    run_experiment()
    assert verdict({"score": value}).verdict is Verdict.CRASH


def test_a_number_of_another_library_is_one(project) -> None:
    run_experiment()
    assert verdict({"score": np.float32(0.9)}).verdict is Verdict.KEEP


def test_what_the_caller_can_mend_is_a_ratchet_error(tmp_path) -> None:
    with pytest.raises(RatchetError, match="this folder is not in a git repository"):
        run_experiment("x = 1", where=tmp_path)


def test_public_names_are_there_and_others_are_not() -> None:
    assert all(getattr(ratchet, name) is not None for name in ratchet.__all__)
    with pytest.raises(AttributeError):
        ratchet.nothing_of_this_name  # noqa: B018


def test_a_run_is_prepared_and_experiments_follow(project) -> None:
    prepared = prepare_experiment(tag="t")
    assert isinstance(prepared, SystemExperiment)
    assert (prepared.tag, prepared.baseline) == ("t", 0.5)
    made = prepared.run(SOURCE.format(0.6), message="from Python")
    assert (made.success, made.error, made.metric) == (True, "", 0.6)
    assert made.duration is not None
    assert "--- stdout ---" in made.log
    assert str(prepared.evaluate(made)) == "Improvement (+20.0 %)"
    assert prepared.best == 0.6
    assert prepare_experiment(project.root) == prepared
    rows = get_experiment_history()
    assert rows == prepared.history()
    row = {key: rows[1][key] for key in ("tag", "status", "value", "prev", "delta", "metric")}
    assert row == {
        "tag": "t",
        "status": "keep",
        "value": 0.6,
        "prev": 0.5,
        "delta": pytest.approx(0.1),
        "metric": "score",
    }
    assert rows[1]["memory_gb"] > 0
    assert rows[1]["timestamp"].startswith("20")
    assert "test_score" not in rows[1]["metrics"]


def test_a_crash_is_a_result_with_its_stderr(project) -> None:
    prepared = prepare_experiment()
    made = prepared.run("import sys\nsys.exit('no luck today')\n")
    assert (made.success, made.metric) == (False, None)
    assert "no luck today" in made.error
    assert "no luck today" in made.log
    assert prepared.evaluate(made).effect == "Indeterminate"


def test_a_baseline_that_crashes_is_no_exception(project) -> None:
    project.write("model.py", "1 / 0\n")
    project.commit("broken")
    prepared = prepare_experiment()
    assert (prepared.baseline, prepared.best) == (None, None)
    assert prepared.run(SOURCE.format(0.4)).verdict is Verdict.KEEP


@pytest.mark.parametrize(
    ("new", "old", "direction", "text"),
    [
        (1.1, 1.0, "maximize", "Improvement (+10.0 %)"),
        (1.1, 1.0, "lower_is_better", "Regression (+10.0 %)"),
        (-1.0, -2.0, "higher", "Improvement (+50.0 %)"),
        (1.0, 1.0, "minimize", "No change (+0.0 %)"),
        (1.0, 0.0, "minimize", "Regression"),
        (None, 1.0, "minimize", "Indeterminate"),
        (1.0, float("nan"), "minimize", "Indeterminate"),
    ],
)
def test_a_result_is_evaluated_without_a_repository(tmp_path, monkeypatch, new, old, direction, text) -> None:
    monkeypatch.chdir(tmp_path)
    assert str(evaluate_result(new, old, direction=direction)) == text


def test_a_number_is_compared_with_the_best_of_the_run(project) -> None:
    prepare_experiment()
    assert str(evaluate_result(0.4)) == "Regression (-20.0 %)"
    with pytest.raises(RatchetError, match="direction: 'sideways' is not one of"):
        evaluate_result(0.4, direction="sideways")
