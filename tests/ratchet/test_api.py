"""The ratchet from Python."""

import numpy as np
import pytest

import ratchet
from ratchet import Experiment, RatchetError, Verdict, history, run_experiment, verdict

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
