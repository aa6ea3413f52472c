"""A command of the config runs in the environment of the user, wherever ratchet itself is installed."""

import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
BENCH = (
    "import helper, sys\nprint('score:', helper.SCORE, sys.prefix, file=sys.stderr)\nprint('score:', helper.SCORE)\n"
)
CONFIG = """name: own environment
editable: model.py
readonly: bench.py
run: python bench.py
timeout: 60
metric:
  name: score
  direction: maximize
"""


@pytest.fixture
def own(shell):
    """A Python project with an environment of its own, in which a module is installed that ratchet's lacks."""
    venv.create(shell.root / "env", with_pip=False, symlinks=True)
    site = next((shell.root / "env").glob("[Ll]ib/*/site-packages"))
    (site / "helper.py").write_text("SCORE = 7\n")
    shell.write(".gitignore", "env/\n")
    shell.write("ratchet.yaml", CONFIG)
    shell.write("bench.py", BENCH)
    shell.write("model.py", "x = 1\n")
    shell.commit("python")
    shell.site = site
    return shell


def activated(folder: Path, **others: str) -> dict[str, str]:
    """Return the environment of a shell in which an environment of Python is active."""
    own = str(Path(sys.executable).parent)
    path = [entry for entry in os.environ["PATH"].split(os.pathsep) if entry != own]
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("UV_", "VIRTUAL_ENV"))}
    return kept | {"PATH": os.pathsep.join([str(folder / "bin"), *path]), "VIRTUAL_ENV": str(folder), **others}


def ratchet(project, *arguments: str, env: dict[str, str], by: tuple[str, ...] = ()) -> str:
    command = [*(by or (sys.executable, "-m", "ratchet.cli")), *arguments]
    done = subprocess.run(command, cwd=project.root, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_project_with_its_own_active_environment_gets_its_own_python(own) -> None:
    out = ratchet(own, "start", "first", env=activated(own.root / "env"))
    assert out.startswith("iter 0 | score=7.0000 | BASELINE")


def test_a_shim_of_pyenv_does_not_put_its_python_before_the_active_environment(own) -> None:
    env, versions = activated(own.root / "env", PYENV_ROOT=str(own.root / "pyenv")), own.root / "pyenv" / "versions"
    own.write(".gitignore", "env/\npyenv/\n")
    own.commit("pyenv")
    (versions / "3.x" / "bin").mkdir(parents=True)
    (versions / "3.x" / "bin" / "python").symlink_to(sys.executable)
    env["PATH"] = os.pathsep.join([str(versions / "3.x" / "bin"), env["PATH"]])
    out = ratchet(own, "start", "first", env=env)
    assert out.startswith("iter 0 | score=7.0000 | BASELINE")


@pytest.mark.skipif(shutil.which("uv") is None, reason="uv is not installed")
def test_uv_run_of_another_project_leaves_the_active_environment_alone(own) -> None:
    by = ("uv", "run", "--no-sync", "--project", str(ROOT), "ratchet")
    out = ratchet(own, "start", "first", env=activated(own.root / "env"), by=by)
    assert out.startswith("iter 0 | score=7.0000 | BASELINE")


@pytest.mark.slow
def test_an_agent_runs_in_the_environment_of_the_user_too(own) -> None:
    env = activated(own.root / "env")
    ratchet(own, "start", "first", env=env)
    ratchet(own, "loop", "-n", "1", "--agent", "python -c 'import helper, sys; print(sys.prefix)' > seen", env=env)
    assert own.read("seen").strip() == str(own.root / "env")


def test_uv_in_a_checkout_is_given_the_environment_of_the_worktree(own) -> None:
    shutil.move(own.root / "env", own.root / ".venv")
    own.write(".gitignore", ".venv/\n")
    own.write(
        "ratchet.yaml", CONFIG.replace("python bench.py", "'echo $UV_PROJECT_ENVIRONMENT >&2; echo \"score: 1\"'")
    )
    own.commit("uv")
    env = {key: value for key, value in activated(own.root / "none").items() if key != "VIRTUAL_ENV"}
    ratchet(own, "start", "first", env=env)
    assert str(own.root / ".venv") in ratchet(own, "show", "0", "--log", env=env)


@pytest.mark.parametrize("way", ["PYTHONPATH", "editable install"])
def test_a_source_folder_is_imported_from_the_commit_and_not_from_the_worktree(own, way: str) -> None:
    (own.root / "model.py").unlink()
    own.write("src/model.py", "SCORE = 3\n")
    own.write("bench.py", "import model\nprint('score:', model.SCORE)\n")
    own.write("ratchet.yaml", CONFIG.replace("model.py", "src/model.py").replace("run: ", "run: sleep 0.2; "))
    own.commit("src")
    if way == "PYTHONPATH":
        env = activated(own.root / "env", PYTHONPATH=str(own.root / "src"))
    else:
        env = activated(own.root / "env")
        (own.site / "project.pth").write_text(f"{own.root / 'src'}\n")
    own.write("src/model.py", "SCORE = 99\n")  # an edit that is not committed
    assert ratchet(own, "start", "first", env=env).startswith("iter 0 | score=3.0000 | BASELINE")


def test_a_python_that_the_command_names_in_the_worktree_is_found_in_the_checkout(own) -> None:
    shutil.move(own.root / "env", own.root / ".venv")
    own.write(".gitignore", ".venv/\n")
    own.write("ratchet.yaml", CONFIG.replace("python bench.py", ".venv/bin/python bench.py"))
    own.commit("by path")
    env = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    assert ratchet(own, "run", env=env).splitlines()[2] == "score: 7.0000 (maximize)"
    assert ratchet(own, "start", "first", env=env).startswith("iter 0 | score=7.0000 | BASELINE")
    assert (own.root / ".venv" / "pyvenv.cfg").is_file()
