"""What machines, file systems and agents do to a run, and what the run makes of it. Real git, real child processes."""

from __future__ import annotations

from collections.abc import Callable

from ratchet.repo import git

Ratchet = Callable[..., tuple[int, str, str]]


def kinds(project, tag: str = "first") -> list[str]:
    return [str(event["event"]) for event in project.journal(tag)]


def test_an_experiment_whose_ref_cannot_be_written_gets_no_verdict(project, ratchet: Ratchet, monkeypatch) -> None:
    monkeypatch.setattr(git, "BUSY_TRIES", 1)
    ratchet("start", "first")
    project.use_agent(0.6, 0.7)
    lock = project.root / ".git/refs/ratchet/first/1.lock"
    lock.touch()
    status, out, err = ratchet("loop", "-n", "2")
    assert (status, out) == (1, "")
    assert f"{lock}': File exists. Another git process works in this repository; if none does, delete {lock}." in err
    assert kinds(project)[-1] == "begin"
    lock.unlink()
    status, out, _ = ratchet("loop", "-n", "1")
    assert [line[:6] for line in out.splitlines() if line.startswith("iter")] == ["iter 1", "iter 2"]
    for n in range(3):
        assert project.git("rev-parse", f"refs/ratchet/first/{n}")


def test_a_branch_in_the_way_of_the_branch_of_a_run_is_named(project, ratchet: Ratchet) -> None:
    project.git("branch", "autoresearch")
    status, _, err = ratchet("start", "first")
    assert status == 1
    assert "'refs/heads/autoresearch' exists" in err
    assert "Rename that branch: `git branch -m autoresearch NAME`." in err
    project.git("branch", "-m", "autoresearch", "other")
    assert ratchet("start", "first")[0] == 0


def test_a_branch_in_the_way_of_the_result_is_named(project, ratchet: Ratchet) -> None:
    ratchet("start", "first")
    project.edit(0.6)
    ratchet("step")
    project.git("branch", "result")
    status, _, err = ratchet("finish")
    assert status == 1
    assert "Rename that branch: `git branch -m result NAME`." in err


def test_an_index_that_stays_locked_stops_the_step_with_the_name_of_the_lock(project, ratchet, monkeypatch) -> None:
    monkeypatch.setattr(git, "BUSY_TRIES", 1)
    ratchet("start", "first")
    project.edit(0.6)
    (project.root / ".git/index.lock").touch()
    status, _, err = ratchet("step")
    assert status == 1
    assert "index.lock': File exists. Another git process works in this repository" in err
    (project.root / ".git/index.lock").unlink()
    project.edit(0.7)
    assert "iter 2 | score=0.7000" in ratchet("step")[1]
    assert project.git("status", "--short") == ""
