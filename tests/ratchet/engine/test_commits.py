"""Commits that somebody else makes on a run's branch: what was not measured does not stay on it."""

from __future__ import annotations

import pytest

COMMIT = "git -c user.name=a -c user.email=a@b commit --quiet --all -m theirs"


def edit_and_commit(project, score: float) -> None:
    project.edit(score, "committed by hand")
    project.git("-c", "user.name=a", "-c", "user.email=a@b", "commit", "--quiet", "--all", "-m", "theirs")


@pytest.fixture
def kept(project, record) -> str:
    """A run that stands on experiment 1, of .7; its commit."""
    record((0.7, "an idea"))
    return str(project.git("rev-parse", "HEAD"))


def test_an_edit_that_was_committed_is_measured_and_does_not_stay_when_it_is_worse(project, kept, ratchet) -> None:
    edit_and_commit(project, 0.6)
    assert "measures the edit of model.py" in ratchet("status")[1]
    status, out, err = ratchet("step")
    assert (status, out.split("| ")[-1].split()[0]) == (0, "DISCARDED")
    assert "model.py: committed without a measurement. A commit on top restores iter 1, the best." in err
    assert project.git("show", "HEAD:model.py") == project.git("show", f"{kept}:model.py")
    assert project.kept()[-2:] == ["theirs", "restore model.py of iter 1, the best"]
    assert project.git("status", "--short") == ""
    assert "SCORE = 0.6" in project.git("show", "refs/ratchet/first/2:model.py")


def test_one_that_is_better_is_kept(project, kept, ratchet) -> None:
    edit_and_commit(project, 0.8)
    assert "KEPT" in ratchet("step")[1]
    assert "SCORE = 0.8" in project.git("show", "HEAD:model.py")
    assert project.git("status", "--short") == ""


def test_a_run_is_not_finished_with_what_was_never_measured(project, kept, ratchet) -> None:
    edit_and_commit(project, 0.6)
    status, _, err = ratchet("finish")
    assert status == 0
    assert "committed without a measurement" in err
    assert "SCORE = 0.7" in project.git("show", "result/first:model.py")
    assert "SCORE = 0.6" in project.read("model.py")


def test_a_branch_that_was_moved_back_is_where_it_was_and_nothing_is_lost(project, kept, ratchet) -> None:
    project.edit(0.6)
    ratchet("step")
    project.git("reset", "--quiet", "--hard", "HEAD~1")
    edit_and_commit(project, 0.65)
    theirs = project.git("rev-parse", "HEAD")
    status, _, err = ratchet("step")
    assert status == 0
    assert f"`git log refs/ratchet/first/moved-{theirs[:12]}` shows what it held." in err
    assert project.git("rev-parse", "HEAD") == kept
    assert project.git("rev-parse", f"refs/ratchet/first/moved-{theirs[:12]}") == theirs
    assert project.git("status", "--short") == ""


def test_other_files_that_were_committed_stay(project, kept, ratchet) -> None:
    project.write("notes.txt", "more\n")
    edit_and_commit(project, 0.6)
    ratchet("step")
    assert project.git("show", "HEAD:notes.txt") == "more"
    assert project.git("show", "HEAD:model.py") == project.git("show", f"{kept}:model.py")


def test_the_subruns_of_a_race_start_from_the_best(project, kept, ratchet) -> None:
    edit_and_commit(project, 0.6)
    project.git("restore", "--source", kept, "model.py")
    agent = "python -c \"open('model.py', 'a').write('# seen')\""
    assert ratchet("race", "-k", "2", "-n", "2", "--agent", agent)[0] == 0
    starts = [
        row["commit"] for tag in ("first-lane1", "first-lane2") for row in project.journal(tag) if row.get("n") == 0
    ]
    assert starts
    assert {project.git("show", f"{commit}:model.py") for commit in starts} == {project.git("show", f"{kept}:model.py")}


def test_an_agent_that_commits_worse_code_leaves_the_best_on_the_branch(project, kept, ratchet) -> None:
    project.use_agent(None, 0.6, 0.65)
    status, out, _ = ratchet("loop", "-n", "2", "--agent", f"python agent.py && {COMMIT}")
    assert (status, out.count("DISCARDED")) == (0, 2)
    assert project.git("show", "HEAD:model.py") == project.git("show", f"{kept}:model.py")
    assert project.git("status", "--short") == ""


def test_an_agent_that_commits_a_frozen_file_is_rejected_and_the_run_goes_on(project, kept, ratchet) -> None:
    before = project.read("measure.py")
    status, out, _ = ratchet("loop", "-n", "2", "--agent", f"echo 'print(1)' >> measure.py && {COMMIT}")
    assert status == 0
    assert out.count("REJECTED (edited measure.py, which is frozen)") == 2
    assert (project.read("measure.py"), project.git("show", "HEAD:measure.py") + "\n") == (before, before)
    assert ratchet("check")[0] == 0
    project.edit(0.9)
    assert "KEPT" in ratchet("step")[1]
