"""The engine installs alone, into an empty environment, and runs on a repository that knows nothing of tables.

A container for VS Code and Codespaces has the whole project ready.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.specifiers import SpecifierSet

ROOT = Path(__file__).resolve().parents[1]
CONFIG = """name: demo
editable: [n.txt]
run: sh bench.sh
metric: {name: speed, grep: "^speed:", direction: maximize}
"""
AGENT = 'sh -c "echo $(($(cat n.txt)+1)) > n.txt"'


def run(*command: object, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(word) for word in command], cwd=cwd, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("engine")
    for command in (("uv", "venv", "-p", sys.executable, "v"), ("uv", "pip", "install", "-p", "v", ROOT)):
        done = run(*command, cwd=folder)
        assert done.returncode == 0, done.stderr
    return folder / "v"


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="the benchmark is a shell script")
def test_the_engine_alone_runs_a_shell_benchmark(installed: Path, tmp_path: Path) -> None:
    (tmp_path / "ratchet.yaml").write_text(CONFIG)
    (tmp_path / "bench.sh").write_text('echo "speed: $(cat n.txt)"\n')
    (tmp_path / "n.txt").write_text("5\n")
    for words in (["init", "-q"], ["add", "-A"], ["-c", "user.name=t", "-c", "user.email=t@t", "commit", "-qm", "x"]):
        assert run("git", *words, cwd=tmp_path).returncode == 0
    ratchet = installed / "bin/ratchet"
    done = run(ratchet, "loop", "--agent", AGENT, "-n", 3, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "3 experiments, 3 kept; best speed=8.0000 (iter 3)" in done.stdout
    assert run(ratchet, "report", cwd=tmp_path).returncode == 0
    drawn = run(ratchet, "plot", "--png", "x.png", cwd=tmp_path)
    assert (drawn.returncode, drawn.stderr.count("\n")) == (1, 1)
    assert drawn.stderr.startswith("--png: matplotlib is not installed.")


@pytest.mark.slow
def test_the_engine_brings_no_machine_learning_and_no_generic_name(installed: Path) -> None:
    code = "import importlib.util as u; print([n for n in NAMES if u.find_spec(n)])"
    names = ("harness", "researcher", "prepare", "numpy", "pandas", "sklearn", "matplotlib")
    done = run(installed / "bin/python", "-I", "-c", code.replace("NAMES", repr(names)), cwd=installed)
    assert done.stdout == "[]\n", done.stderr


def test_the_container_is_ready_and_takes_nothing_from_its_host() -> None:
    text = (ROOT / ".devcontainer/devcontainer.json").read_text("utf-8")
    config = json.loads(text)  # without the comments that this file may have, so that every tool reads it
    image, python = config["image"].split(":")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert image == "python"  # with git and a compiler's OpenMP, which LightGBM needs; -slim has neither
    assert SpecifierSet(project["requires-python"]).contains(python)
    assert config["onCreateCommand"] == "pip install uv && uv sync"
    # A `.venv` in the folder that the container shares would replace the host's own.
    environment = config["containerEnv"]["UV_PROJECT_ENVIRONMENT"]
    assert config["customizations"]["vscode"]["settings"]["python.defaultInterpreterPath"].startswith(environment)
    assert set(re.findall(r"""(?:^|["\s=:])(/[^"\s]*)""", text)) == {environment, f"{environment}/bin/python"}
    assert not re.search(r"localEnv|localWorkspaceFolder|mount", text)
