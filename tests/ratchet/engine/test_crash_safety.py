"""Killed at any instant, a run resumes to the same state.

A short run is killed with SIGKILL before every single act: each call of git, each line of the journal, each child, each
file that is written. It is then taken up again and must end as the run that nobody disturbed.
"""

import json
import os
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="forks a child to kill it")

SCORES = (0.6, 0.55, "1 / 0")


@pytest.fixture
def undisturbed(project, tmp_path: Path) -> Path:
    """A project that is ready to run, to be copied for every kill."""
    project.use_agent(*SCORES)
    template = tmp_path / "template"
    shutil.copytree(project.root, template, symlinks=True)
    return template


def run_and_kill(root: Path, kill_at: int, work: Callable[[], int] | None = None) -> int:
    """Do the whole run in a child that kills itself before act number `kill_at`; return how many acts it did.

    The count is exact only when the child got to its end.
    """
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        _be_the_child(root, kill_at, writer, work or finish_run)
    os.close(writer)
    with os.fdopen(reader) as pipe:
        text = pipe.read()
    os.waitpid(pid, 0)
    return int(text.split()[-1]) if text.split() else 0


def _be_the_child(root: Path, kill_at: int, writer: int, work: Callable[[], int]) -> None:
    status = 70
    try:
        os.chdir(root)
        silence = os.open(os.devnull, os.O_WRONLY)
        os.dup2(silence, 1)
        os.dup2(silence, 2)
        done = _count_acts(kill_at)
        status = work()
        os.write(writer, f"{done[0]}\n".encode())
    finally:
        os._exit(status)


def _count_acts(kill_at: int) -> list[int]:
    """Wrap everything that acts on the world, in this process alone."""
    from ratchet import process
    from ratchet.engine import trial
    from ratchet.repo import git, journal

    done = [0]

    def counted(act: Callable[..., Any]) -> Callable[..., Any]:
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            done[0] += 1
            if done[0] == kill_at:
                os.kill(os.getpid(), signal.SIGKILL)
            return act(*args, **kwargs)

        return wrapper

    for home, name in (
        (git, "call"),
        (git, "_replace"),
        (journal, "append"),
        (process, "run"),
        (trial, "write_results"),
    ):
        setattr(home, name, counted(getattr(home, name)))
    return done


def finish_run() -> int:
    """Start the run or take it up again, and do what is left of its experiments."""
    from ratchet.cli import run

    status = run(["start", "first"])
    done = max((event["n"] for event in events(Path.cwd()) if event["event"] == "begin"), default=0)
    return status if done >= len(SCORES) else run(["loop", "-n", str(len(SCORES) - done)])


def events(root: Path) -> list[dict[str, Any]]:
    path = root / ".ratchet/first/journal.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def state(root: Path, git: Callable[..., str]) -> dict[str, Any]:
    """Return all that must come out the same, without times and hashes."""
    verdicts = [event for event in events(root) if event["event"] == "verdict"]
    kept = ("n", "verdict", "metric", "delta", "hypothesis", "reason", "strategy", "note", "agent", "file_hash")
    rows = [line.split("\t") for line in (root / "results.tsv").read_text().splitlines()]
    return {
        "branch": git("log", "--format=%s %T", "autoresearch/first"),
        "head": git("symbolic-ref", "HEAD"),
        "verdicts": [{key: verdict[key] for key in kept} for verdict in verdicts],
        "refs": [
            (ref, git("rev-parse", f"{ref}^{{tree}}"))
            for ref in git("for-each-ref", "--format=%(refname)", "refs/ratchet").splitlines()
            if "interrupted" not in ref
        ],
        "desk": git("status", "--short"),
        "model": (root / "model.py").read_text(),
        "results": [[row[0], row[2], row[3], *row[8:]] for row in rows],
    }


def check_every(undisturbed: Path, tmp_path: Path, project, *, stride: int, offset: int) -> None:
    def fresh(name: str) -> Path:
        project.root = tmp_path / name
        shutil.copytree(undisturbed, project.root, symlinks=True)
        return project.root

    whole = fresh("whole")
    n_acts = run_and_kill(whole, 0)
    expected = state(whole, project.git)
    assert n_acts > 80
    assert [verdict["verdict"] for verdict in expected["verdicts"]] == ["baseline", "keep", "discard", "crash"]
    for kill_at in range(1 + offset, n_acts + 1, stride):
        root = fresh(f"killed-{kill_at}")
        run_and_kill(root, kill_at)
        run_and_kill(root, 0)
        assert state(root, project.git) == expected, f"killed before act {kill_at} of {n_acts}"
        shutil.rmtree(root)


def test_a_kill_at_some_instants_changes_nothing(undisturbed: Path, tmp_path: Path, project) -> None:
    check_every(undisturbed, tmp_path, project, stride=41, offset=3)


@pytest.mark.slow
def test_a_kill_at_every_instant_changes_nothing(undisturbed: Path, tmp_path: Path, project) -> None:
    check_every(undisturbed, tmp_path, project, stride=1, offset=0)


@pytest.mark.slow
def test_two_kills_in_a_row_change_nothing(undisturbed: Path, tmp_path: Path, project) -> None:
    def fresh(name: str) -> Path:
        project.root = tmp_path / name
        shutil.copytree(undisturbed, project.root, symlinks=True)
        return project.root

    n_acts = run_and_kill(fresh("whole"), 0)
    expected = state(project.root, project.git)
    for first in range(5, n_acts, 23):
        root = fresh(f"twice-{first}")
        run_and_kill(root, first)
        run_and_kill(root, 9)
        run_and_kill(root, 0)
        assert state(root, project.git) == expected, f"killed before act {first}, then before act 9"


def test_the_child_really_dies(undisturbed: Path) -> None:
    run_and_kill(undisturbed, 40)
    assert not any(event["event"] == "stop" for event in events(undisturbed))
    assert sys.platform != "win32"


def take_step() -> int:
    from ratchet.cli import run

    return run(["step"])


@pytest.mark.slow
@pytest.mark.parametrize(("score", "verdict"), [(0.6, "keep"), (0.4, "discard")])
def test_an_interrupted_step_followed_by_step_makes_one_experiment(project, tmp_path, ratchet, score, verdict) -> None:
    ratchet("start", "first")
    project.edit(score)
    template = tmp_path / "edited"
    shutil.copytree(project.root, template, symlinks=True)
    n_acts = run_and_kill(project.root, 0, take_step)
    expected = state(project.root, project.git)
    assert n_acts > 20
    for kill_at in [*range(2, n_acts, 5), n_acts]:
        project.root = tmp_path / f"killed-{kill_at}"
        shutil.copytree(template, project.root, symlinks=True)
        run_and_kill(project.root, kill_at, take_step)
        run_and_kill(project.root, 0, take_step)
        assert state(project.root, project.git) == expected, f"killed before act {kill_at} of {n_acts}"
        assert [event["verdict"] for event in events(project.root) if event["event"] == "verdict"][-1] == verdict


def test_a_step_killed_before_it_printed_its_line_prints_it_the_next_time(project, ratchet, monkeypatch) -> None:
    ratchet("start", "first")
    project.edit(0.6, "an idea")
    monkeypatch.setattr("ratchet.views.terminal.Terminal.result", lambda *_: os.kill(os.getpid(), signal.SIGKILL))
    run_and_kill(project.root, 0, take_step)
    monkeypatch.undo()
    monkeypatch.chdir(project.root)
    assert ratchet("step")[1] == "iter 1 | score=0.6000 (Δ +0.1000) | KEPT — an idea\n"
    assert len(project.results()) == 2
    assert "DISCARDED (no change)" in ratchet("step")[1]


def test_an_edit_made_after_the_interruption_is_an_experiment_of_its_own(project, ratchet, monkeypatch) -> None:
    ratchet("start", "first")
    project.edit(0.6, "the first")
    monkeypatch.setattr("ratchet.process.run", lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL))
    run_and_kill(project.root, 0, take_step)
    monkeypatch.undo()
    monkeypatch.chdir(project.root)
    assert [event["event"] for event in events(project.root)][-1] == "begin"
    project.edit(0.7, "the second")
    out = ratchet("step")[1].splitlines()
    assert [line.split(" — ")[-1] for line in out] == ["the first", "the second"]


def test_the_api_makes_one_experiment_of_it_too(project, ratchet, monkeypatch) -> None:
    from ratchet import api

    ratchet("start", "first")
    project.edit(0.6, "an idea")
    monkeypatch.setattr("ratchet.process.run", lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL))
    run_and_kill(project.root, 0, take_step)
    monkeypatch.undo()
    made = api.run_experiment(where=project.root)
    assert (made.n, made.verdict) == (1, "keep")
    assert len(project.results()) == 2
