"""What the README and the docs show was pasted from a run: here the run is made again and held against it."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
BLOCKS = [
    block for page in PAGES for block in re.findall(r"^```(\w*)\n(.*?)^```$", page.read_text("utf-8"), re.M | re.S)
]
LINK = re.compile(r"\]\(([^)#:]+)\)")
NUMBER = re.compile(r"[+-]?\d+\.\d+")


def block(start: str) -> str:
    return next(text for language, text in BLOCKS if not language and text.startswith(start))


def shape(line: str) -> str:
    """A line without its numbers: these may differ in a late digit from one processor to the next."""
    return NUMBER.sub("#", line)


def test_the_readme_begins_with_the_two_commands() -> None:
    commands = [text for language, text in BLOCKS if language == "sh"]
    assert commands[0] == "pip install uv && uv run ratchet loop -n 8\n"
    assert commands[1] == "pip install uv && uv run pytest\n"
    assert commands[1].strip() in (ROOT / ".ci" / "run").read_text()


@pytest.mark.parametrize("page", PAGES, ids=[page.name for page in PAGES])
def test_every_link_leads_to_a_file(page: Path) -> None:
    assert [name for name in LINK.findall(page.read_text("utf-8")) if not (page.parent / name).exists()] == []


def test_the_lines_of_the_harness_are_those_it_prints(measured: subprocess.CompletedProcess[str]) -> None:
    shown, report = block("hypothesis:").splitlines(), measured.stdout.splitlines()
    for mine, real in zip(shown, report, strict=True):
        name, value = mine.split(": ", 1)
        assert real.startswith(f"{name}: ")
        assert not name.startswith("test_") or value == "…"  # agents read the page
        if name in {"hypothesis", "val_auc", "cv_folds", "leaks", "status"}:
            assert real.split(": ", 1)[1] == value


def test_the_table_of_checks_is_the_one_that_is_printed(checked: subprocess.CompletedProcess[str]) -> None:
    assert [shape(line) for line in block("editable-only").splitlines()] == [
        shape(line) for line in checked.stdout.splitlines()
    ]


@pytest.mark.slow
def test_the_loop_is_the_one_that_runs(tmp_path: Path) -> None:
    clone = tmp_path / "a clone"
    names = subprocess.run(["git", "ls-files", "-z"], capture_output=True, text=True, cwd=ROOT, check=True).stdout
    for name in filter(None, names.split("\0")):
        target = clone / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, target)
    for arguments in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "the project"]):
        identity = ["-c", "user.name=Student", "-c", "user.email=student@example.org"]
        subprocess.run(["git", *identity, *arguments], cwd=clone, check=True)
    command = [sys.executable, "-m", "ratchet.cli", "loop", "-n", "8"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=clone, check=True, timeout=600)
    shown = [line for line in block("iter 0").splitlines() if line.startswith("iter ")]
    report = [line for line in done.stdout.splitlines() if line.startswith("iter ")]
    assert len(report) == 9
    assert [words(line) for line in report] == [words(line) for line in shown]


def words(line: str) -> tuple[str, str, str]:
    """An experiment's number, verdict and hypothesis."""
    number, *_, verdict = line.split(" | ")
    word, hypothesis = verdict.split(" — ", 1)
    return number, word.split(" (")[0], hypothesis
