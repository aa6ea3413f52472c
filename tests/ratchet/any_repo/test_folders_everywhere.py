"""Every command knows a folder: finish, edit, run, report, show, race and the API."""

from collections.abc import Callable

import pytest

from ratchet import api

Ratchet = Callable[..., tuple[int, str, str]]


@pytest.fixture
def won(shell, ratchet: Ratchet):
    """A run with a kept experiment that adds and deletes a file, and a dropped one that adds another."""
    ratchet("start", "first")
    shell.write("src/new/three.sh", "nothing=1\n")
    (shell.root / "src/two.sh").unlink()
    assert "KEPT" in ratchet("step")[1]
    shell.write("src/four.sh", "value=400\n")
    assert "DISCARDED" in ratchet("step")[1]
    return shell


@pytest.mark.parametrize("options", [(), ("--squash",)])
def test_finish_makes_a_branch_with_the_new_and_without_the_deleted_file(won, ratchet: Ratchet, options) -> None:
    status, out, err = ratchet("finish", *options)
    assert status == 0, err
    assert won.git("diff", "--name-status", "main", "result/first").splitlines() == [
        *("A\tsrc/new/three.sh", "D\tsrc/two.sh")
    ], out
    assert "no experiment measured" not in err


def test_edit_takes_a_dropped_file_up_again(won, ratchet: Ratchet) -> None:
    status, _, err = ratchet("edit", "2")
    assert status == 0, err
    assert won.read("src/four.sh") == "value=400\n"
    assert not (won.root / "src/two.sh").exists()


def test_edit_of_the_baseline_removes_what_came_later(won, ratchet: Ratchet) -> None:
    ratchet("edit", "0")
    assert won.read("src/two.sh") == "value=20\n"
    assert not (won.root / "src/new").exists()


def test_run_measures_the_files_of_the_worktree(won, ratchet: Ratchet) -> None:
    won.write("src/five.sh", "value=5\n")
    status, out, err = ratchet("run")
    assert status == 0, err
    assert "36" in out
    assert won.read("src/five.sh") == "value=5\n"


def test_report_and_show_name_the_new_file(won, ratchet: Ratchet) -> None:
    assert "src/new/three.sh" in ratchet("show", "1")[1]
    assert ratchet("report", "-o", "r.html")[0] == 0
    assert "three.sh" in won.read("r.html")


def test_start_of_another_run_with_an_unmeasured_new_file_does_not_lose_it(won, ratchet: Ratchet) -> None:
    won.write("src/five.sh", "value=5\n")
    ratchet("start", "second")
    assert won.read("src/five.sh") == "value=5\n"


def test_the_api_measures_the_edit_of_a_folder(won) -> None:
    won.write("src/one.sh", "value=1\n")
    assert api.run_experiment(where=won.root).verdict == "keep"
