"""What a notebook does happens in a copy, which begins where the user's own run began."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = """
from playground import Playground
play = Playground()
print("baseline" in play.read("train.py"), 'name = "heart"' in play.read("data/dataset.toml"))
play.write("train.py", "broken")
play("uv run ratchet check --help")
play("uv run prepare.py --csv " + "x" * 200 + ".csv")
"""


def run(script: str, clone: Path) -> str:
    done = subprocess.run([sys.executable, "-c", script], cwd=clone / "notebooks", capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def git(clone: Path, *arguments: str) -> str:
    someone = ["-c", "user.name=someone", "-c", "user.email=some@one"]
    return subprocess.run(["git", *someone, *arguments], cwd=clone, capture_output=True, text=True, check=True).stdout


@pytest.mark.slow
def test_it_begins_where_the_run_began_and_leaves_the_checkout_alone(clone: Path) -> None:
    subprocess.run([sys.executable, "-m", "ratchet.cli", "start", "mine"], cwd=clone, capture_output=True, check=True)
    (clone / "train.py").write_text("# the winner\n")
    git(clone, "commit", "-qam", "kept")
    (clone / "data" / "dataset.toml").write_text('name = "mine"\n')
    before = git(clone, "status", "--short", "--branch"), git(clone, "log", "--oneline")
    text = run(SCRIPT, clone).splitlines()
    assert text[0] == "True True"
    assert text[1].startswith("Usage: ")
    assert (git(clone, "status", "--short", "--branch"), git(clone, "log", "--oneline")) == before
    assert (clone / "train.py").read_text() == "# the winner\n"


@pytest.mark.slow
def test_long_lines_are_folded_and_the_folder_is_not_named(clone: Path) -> None:
    text = run(SCRIPT, clone)
    assert max(map(len, text.splitlines())) <= 110
    assert "/lab" not in text


@pytest.mark.slow
def test_outside_a_repo_it_reports_that_it_cannot_copy(clone: Path) -> None:
    (clone / ".git").rename(clone / "elsewhere")
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], cwd=clone / "notebooks", capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "this repository cannot be copied" in done.stderr.splitlines()[-1]
