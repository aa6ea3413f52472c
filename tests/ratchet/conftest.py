"""A small real project to ratchet: one file with a number in it, and a command that prints the number."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from ratchet.cli import run as run_command_line

MODEL = 'HYPOTHESIS = "{hypothesis}"\nSCORE = {score}\n'
MEASURE = """import model
print("hypothesis:", model.HYPOTHESIS)
print("score:", model.SCORE)
print("test_score:", 0.123)
"""
CONFIG = """[tool.ratchet]
name = "toy"
editable = ["model.py"]
readonly = ["measure.py"]
run = "python measure.py"
timeout = 20
label = "HYPOTHESIS"
description = "^hypothesis:"
audit = ["test_score"]
agent = "python agent.py"

[tool.ratchet.metric]
name = "score"
direction = "maximize"
"""
AGENT = """import os, pathlib
n = int(os.environ["RATCHET_N"])
pathlib.Path("model.py").write_text(f'HYPOTHESIS = "idea {n}"\\nSCORE = {SCORES[n]}\\n')
print("strategy: guess")
print("note: remember", n)
"""


class Project:
    """A repo in a folder, and the ways to work on it."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def write(self, name: str, text: str) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")

    def read(self, name: str) -> str:
        return (self.root / name).read_text("utf-8")

    def edit(self, score: object, hypothesis: str = "an idea") -> None:
        self.write("model.py", MODEL.format(score=score, hypothesis=hypothesis))

    def configure(self, extra: str) -> None:
        """Add keys to the config and commit."""
        head, tail = CONFIG.split("\n[tool.ratchet.metric]")
        self.write("pyproject.toml", f"{head}\n{extra}\n[tool.ratchet.metric]{tail}")
        self.commit("configure")

    def use_agent(self, *scores: object) -> None:
        """Have the agent write these scores, one an experiment, from experiment 1 on."""
        self.write("agent.py", f"SCORES = {[None, *scores]!r}\n{AGENT}")

    def git(self, *arguments: str) -> str:
        done = subprocess.run(["git", *arguments], cwd=self.root, capture_output=True, text=True, check=True)
        return done.stdout.strip()

    def commit(self, message: str) -> str:
        self.git("add", "--all")
        self.git("-c", "user.name=someone", "-c", "user.email=some@one", "commit", "--quiet", "-m", message)
        return self.git("rev-parse", "HEAD")

    def kept(self) -> list[str]:
        """Return the subjects of the commits of the run's branch, oldest first."""
        return self.git("log", "--reverse", "--format=%s").splitlines()

    def journal(self, tag: str) -> list[dict[str, object]]:
        lines = self.read(f".ratchet/{tag}/journal.jsonl").splitlines()
        return [json.loads(line) for line in lines]

    def results(self) -> list[dict[str, str]]:
        head, *rows = (line.split("\t") for line in self.read("results.tsv").splitlines())
        return [dict(zip(head, row, strict=True)) for row in rows]


@pytest.fixture(autouse=True)
def _no_config_of_the_machine(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """A machine where git knows nobody's name."""
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.setenv("PATH", os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]))
    for name in ("GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL", "GIT_COMMITTER_NAME", "GIT_COMMITTER_EMAIL", "EMAIL"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="session")
def committed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A committed project, to be copied: five calls of git, once."""
    root = tmp_path_factory.mktemp("committed")
    made = Project(root)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(root.parent / "nobody"))
        patch.setenv("GIT_CONFIG_NOSYSTEM", "1")
        _commit_the_model(made)
    return root


def _commit_the_model(made: Project) -> None:
    made.git("init", "--quiet", "--initial-branch=main")
    made.edit(0.5, "baseline")
    made.write("measure.py", MEASURE)
    made.write("pyproject.toml", CONFIG)
    made.write("notes.txt", "mine\n")
    made.write(".gitignore", "agent.py\nresults.tsv\n__pycache__/\n")
    made.commit("start")


@pytest.fixture
def project(committed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """A committed project in a path with a space and a letter that is not ASCII, and the working directory in it."""
    root = tmp_path / "my prôject"
    shutil.copytree(committed, root, symlinks=True)
    monkeypatch.chdir(root)
    return Project(root)


def copy_tree(source: Path, target: Path) -> None:
    """Copy a folder; a file with two names in it (the lock and the journal of a run) stays one file."""
    copies: dict[int, str] = {}

    def copy(one: str, other: str) -> None:
        inode = os.stat(one).st_ino  # noqa: PTH116 - copytree passes texts
        if inode in copies:
            os.link(copies[inode], other)
            return
        shutil.copy2(one, other)
        copies[inode] = other

    shutil.copytree(source, target, symlinks=True, copy_function=copy)


@pytest.fixture(scope="session")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[object, ...], Path]:
    """The runs that were recorded once, by their edits."""
    return {}


@pytest.fixture
def record(
    project: Project, ratchet: Callable[..., object], tmp_path_factory: pytest.TempPathFactory, runs: dict[object, Path]
) -> Callable[..., Project]:
    """Bring the project to the end of a run of these edits (score, hypothesis): measured once, copied after that."""

    def call(*edits: tuple[object, str]) -> Project:
        if edits in runs:
            shutil.rmtree(project.root)
            copy_tree(runs[edits], project.root)
            os.chdir(project.root)  # it is another folder by the same name
            return project
        ratchet("start", "first")
        for edit in edits:
            project.edit(*edit)
            ratchet("step")
        runs[edits] = tmp_path_factory.mktemp("runs") / "run"
        copy_tree(project.root, runs[edits])
        return project

    return call


# A repository that is no Python project: scripts in a folder, and a benchmark that adds them up.
SHELL_BENCH = """#!/bin/sh
# Prints what the scripts in src/ add up to.
echo "measuring" >&2
total=0
for part in src/*.sh; do
    . "./$part"
    total=$((total + value))
done
echo "steps: $total"
"""
SHELL_CONFIG = """name: shell
editable:
  - src/
readonly:
  - bench.sh
  - src/frozen.sh
run: sh bench.sh
timeout: 20
metric:
  name: steps
  direction: minimize
"""


@pytest.fixture(scope="session")
def committed_shell(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("committed-shell")
    made = Project(root)
    made.git("init", "--quiet", "--initial-branch=main")
    made.write("bench.sh", SHELL_BENCH)
    made.write("ratchet.yaml", SHELL_CONFIG)
    made.write("src/one.sh", "value=30\n")
    made.write("src/two.sh", "value=20\n")
    made.write("src/frozen.sh", "value=1\n")
    made.write(".gitignore", "*.tmp\n")
    made.commit("start")
    return root


@pytest.fixture
def shell(committed_shell: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """The committed shell project, and the working directory in it."""
    root = tmp_path / "shell"
    shutil.copytree(committed_shell, root, symlinks=True)
    monkeypatch.chdir(root)
    return Project(root)


@pytest.fixture
def ratchet(capfd: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    """Run the command line here and now; return its exit status, stdout and stderr."""

    def call(*arguments: str) -> tuple[int, str, str]:
        capfd.readouterr()
        status = run_command_line(list(arguments))
        out, err = capfd.readouterr()
        return status, out, err

    return call
