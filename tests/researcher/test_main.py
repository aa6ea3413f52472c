"""The agent as the engine starts it: a child process in a worktree."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path

import pytest

from ratchet.core.records import Experiment, Verdict
from ratchet.repo.journal import EventKind, append
from researcher.mutations import member_of
from researcher.recipe import Recipe, parse_note

ROOT = Path(__file__).resolve().parents[2]
Remembered = Callable[..., Experiment]
BASELINE_SOURCE = (ROOT / "train.py").read_text(encoding="utf-8")


@pytest.fixture
def worktree(tmp_path: Path, baseline: Experiment) -> Path:
    """A worktree with the baseline and its journal, in a folder whose name has spaces and accents."""
    worktree = tmp_path / "my földer"
    worktree.mkdir()
    (worktree / "train.py").write_text(BASELINE_SOURCE, encoding="utf-8")
    append(worktree / "journal.jsonl", EventKind.VERDICT, asdict(baseline))
    return worktree


def started(worktree: Path, *, arguments: Sequence[str] = (), **more: str) -> subprocess.CompletedProcess[str]:
    report = {"RATCHET_FILE": "train.py", "RATCHET_JOURNAL": str(worktree / "journal.jsonl"), "RATCHET_SEED": "7"}
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "RATCHET_N": "1", "RATCHET_STRATEGY": "", **report, **more}
    command = [sys.executable, "-m", "researcher", *arguments]
    return subprocess.run(command, cwd=worktree, env=environment, capture_output=True, text=True, check=False)


def test_one_call_writes_one_experiment_and_says_what_to_remember(worktree: Path) -> None:
    done = started(worktree)
    assert (done.returncode, done.stderr) == (0, "")
    strategy, note = done.stdout.splitlines()
    assert strategy == "strategy: model family"
    assert parse_note(note.removeprefix("note: ")) is not None
    assert (worktree / "train.py").read_text(encoding="utf-8") != BASELINE_SOURCE
    assert sorted(path.name for path in worktree.iterdir()) == ["journal.jsonl", "train.py"]


def test_the_engines_suggestion_is_followed_once_the_opening_is_played(
    worktree: Path, opened: list[Experiment]
) -> None:
    for experiment in opened[1:]:
        append(worktree / "journal.jsonl", EventKind.VERDICT, asdict(experiment))
    assert started(worktree, RATCHET_STRATEGY="features").stdout.startswith("strategy: features\n")


@pytest.mark.parametrize(
    ("report", "line"),
    [
        ({"RATCHET_JOURNAL": ""}, "'' and '7' are not a path and a number"),
        ({"RATCHET_SEED": "x"}, "and 'x' are not a path and a number"),
        ({"RATCHET_FILE": "nowhere/train.py"}, "nowhere"),
    ],
)
def test_a_call_that_cannot_work_says_why_in_one_line(worktree: Path, report: dict[str, str], line: str) -> None:
    done = started(worktree, **report)
    assert done.returncode == 1
    assert line in done.stderr
    assert done.stderr.count("\n") == 1
    assert (worktree / "train.py").read_text(encoding="utf-8") == BASELINE_SOURCE


def test_a_damaged_journal_is_named(worktree: Path) -> None:
    journal = worktree / "journal.jsonl"
    journal.write_text("torn\n" + journal.read_text(encoding="utf-8"), encoding="utf-8")
    done = started(worktree)
    assert done.returncode == 1
    assert "line 1" in done.stderr


def test_starting_up_imports_nothing_heavy() -> None:
    code = "import sys, researcher.__main__; print({'numpy', 'pandas', 'sklearn', 'click', 'rich'} & {*sys.modules})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout == "set()\n"


def test_a_call_is_quick(worktree: Path) -> None:
    times = []
    for _ in range(3):
        before = os.times()
        started(worktree)
        after = os.times()
        times.append(after.children_user + after.children_system - before.children_user - before.children_system)
    assert min(times) < 0.5, "CPU seconds, several times what a free machine needs"


def test_a_committee_of_the_best_is_written_on_request(worktree: Path, remembered: Remembered) -> None:
    for n, family in ((1, "svm"), (2, "forest")):
        tried = remembered(n, Recipe(members=(member_of(family),)), Verdict.KEEP, 0.8 + n / 100)
        append(worktree / "journal.jsonl", EventKind.VERDICT, asdict(tried))
    done = started(worktree, arguments=["--committee"])
    assert (done.returncode, done.stdout, done.stderr) == (0, "seats: 2, 1, 0\n", "")
    text = (worktree / "train.py").read_text(encoding="utf-8")
    assert "VotingClassifier" in text
    assert "Averaging experiments 2, 1" in text


def test_a_committee_of_nobody_is_one_line(worktree: Path) -> None:
    (worktree / "journal.jsonl").write_text("")
    done = started(worktree, arguments=["--committee"])
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert (
        "committee: the run has no measured experiment of the built-in agent. Run `ratchet loop` first." in done.stderr
    )
