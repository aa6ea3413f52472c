"""Groups, help, exit statuses; every command works on no experiments, on one, and on a torn last line."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from ratchet import cli
from ratchet.cli import GROUPS, MODULES
from ratchet.core import config_file

Ratchet = Callable[..., tuple[int, str, str]]
LOOKING = [["status"], ["status", "--json"], ["results"], ["results", "--json"], ["results", "--tsv"], ["plot"]]


def test_help_lists_every_command_under_its_group(ratchet: Ratchet) -> None:
    status, out, _ = ratchet("--help")
    assert status == 0
    for title, commands in GROUPS.items():
        section = out.split(f"{title}:\n")[1].split("\n\n")[0]
        assert [line.split()[0] for line in section.splitlines()] == list(commands)


def test_an_unknown_command_is_answered_with_the_most_similar_one(ratchet: Ratchet) -> None:
    status, _, err = ratchet("lop")
    assert (status, err.splitlines()[-1]) == (2, "Error: No such command 'lop'. Did you mean loop?")
    assert ratchet("xyzzy")[2].splitlines()[-1] == "Error: No such command 'xyzzy'."


@pytest.mark.parametrize("command", MODULES)
def test_every_command_has_help_with_an_example(ratchet: Ratchet, command: str) -> None:
    status, out, _ = ratchet(command, "--help")
    assert status == 0
    assert f"Example: uv run ratchet {command}" in out


@pytest.mark.parametrize("command", LOOKING)
def test_looking_works_on_no_experiment_on_one_and_on_a_torn_line(
    project, ratchet: Ratchet, command: list[str]
) -> None:
    from datetime import UTC, datetime

    from ratchet.repo.run import open_worktree, start_run

    run = start_run(open_worktree(project.root), "first", datetime.now(UTC))
    assert ratchet(*command)[0] == 0
    ratchet("start", "first")
    assert ratchet(*command)[0] == 0
    whole = ratchet(*command)[1]
    with run.journal.open("a") as journal:
        journal.write('{"event": "verdict", "n": 1, "verd')
    assert ratchet(*command)[:2] == (0, whole)


def test_show_and_diff_of_what_is_not_there_are_one_clear_line(project, ratchet: Ratchet) -> None:
    ratchet("start", "first")
    assert ratchet("show", "4")[2] == "N: run first has no experiment 4. Use 0 to 0.\n"
    assert "--commit: run first has no experiment abcdef1." in ratchet("diff", "--commit", "abcdef1")[2]
    assert ratchet("diff")[:2] == (0, "")


def test_diff_shows_the_run_the_best_and_any_experiment(project, ratchet: Ratchet) -> None:
    ratchet("start", "first")
    for score in (0.6, 0.55, 0.7):
        project.edit(score)
        ratchet("step")
    assert "-SCORE = 0.5\n" in ratchet("diff")[1]
    assert "+SCORE = 0.7\n" in ratchet("diff")[1]
    assert ratchet("diff", "--best")[1] == ratchet("diff")[1]
    assert "-SCORE = 0.6\n+SCORE = 0.7" in ratchet("diff", "--best", "--step")[1]
    assert "+SCORE = 0.55" in ratchet("diff", "--commit", "2")[1]
    commit = project.git("rev-parse", "refs/ratchet/first/2")
    assert ratchet("diff", "--commit", commit[:7])[1] == ratchet("diff", "--commit", "2")[1]


def test_wrong_usage_is_2_a_mistake_is_1_and_a_bug_keeps_its_traceback_and_is_3(project, ratchet, monkeypatch) -> None:
    assert ratchet("nonsense")[0] == 2
    assert ratchet("loop", "-n", "0")[0] == 2
    assert ratchet("step")[0] == 1
    monkeypatch.setattr("ratchet.commands.look.require_run", lambda worktree: 1 / 0)
    status, _, err = ratchet("status")
    assert status == 3
    assert "ZeroDivisionError" in err
    assert "Traceback" in err


def test_a_full_disk_is_the_users_to_mend(project, ratchet: Ratchet, monkeypatch) -> None:
    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device", "/x/results.tsv")

    monkeypatch.setattr("ratchet.commands.look.require_run", fail)
    status, _, err = ratchet("status")
    assert (status, err) == (
        1,
        "/x/results.tsv: cannot write: No space left on device. Free disk space or fix the permissions.\n",
    )


def test_ctrl_c_is_130(project, ratchet: Ratchet, monkeypatch) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("ratchet.commands.look.require_run", interrupt)
    status, _, err = ratchet("status")
    assert (status, err.strip()) == (130, "stopped")


def test_a_config_can_be_named(project, ratchet: Ratchet) -> None:
    project.write("other/pyproject.toml", project.read("pyproject.toml").replace('"toy"', '"other"'))
    project.write("other/model.py", "SCORE = 3\n")
    project.write("other/measure.py", project.read("measure.py"))
    assert "config: pyproject.toml [tool.ratchet]: other" in ratchet("--config", "other/pyproject.toml", "check")[1]


def test_check_says_what_is_good_and_what_is_not(project, ratchet: Ratchet) -> None:
    project.use_agent(0.6)
    status, out, _ = ratchet("check")
    assert status == 0
    assert [line.split(":")[0] for line in out.splitlines()] == [
        *("ok   config", "ok   repo", "ok   editable", "ok   command", "ok   data", "ok   agent")
    ]
    project.write("measure.py", "")
    project.write("pyproject.toml", project.read("pyproject.toml").replace("python measure.py", "no-such-program x"))
    status, out, _ = ratchet("check")
    assert status == 1
    assert "bad  repo: measure.py: this file is frozen during a run" in out
    assert "bad  command: the program 'no-such-program' is not on PATH" in out


def test_init_writes_program_md_once(project, ratchet: Ratchet) -> None:
    assert ratchet("init")[0] == 0
    text = project.read("program.md")
    assert "Goal: maximize `score`." in text
    assert "Edit `model.py` and nothing else. Frozen: `measure.py`." in text
    assert "test_score" not in text
    assert ratchet("init")[0] == 1
    assert ratchet("init", "--force")[0] == 0


def test_instruct_prints_the_live_schema_and_the_config_that_is_there(project, ratchet: Ratchet) -> None:
    from ratchet.core.config import KEYS

    out = ratchet("instruct")[1]
    assert all(f"- `{key}`: " in out for key, _ in KEYS)
    assert 'run = "python measure.py"' in out
    project.write("pyproject.toml", out.split("```toml\n")[1].split("```")[0])
    assert config_file.load(project.root / "pyproject.toml").name == "sorting"


def test_start_up_is_light(tmp_path: Path) -> None:
    source = "import sys, ratchet.cli, ratchet.core.records, ratchet.repo.journal; print(sorted(sys.modules))"
    environment = {**os.environ, "PYTHONPATH": str(Path(cli.__file__).parents[1])}
    done = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, env=environment, check=True)
    for heavy in ("numpy", "pandas", "sklearn", "rich", "psutil", "ratchet.process"):
        assert f"'{heavy}'" not in done.stdout


def test_stdout_of_a_pipe_holds_no_progress(project, ratchet: Ratchet) -> None:
    project.use_agent(0.6)
    out = ratchet("loop", "-n", "1")[1]
    assert "\x1b" not in out
    assert "thinking" not in out


def test_a_pipe_that_speaks_ascii_gets_utf_8(project, ratchet: Ratchet) -> None:
    ratchet("start", "first")
    project.edit(0.6)
    environment = {**os.environ, "PYTHONPATH": str(Path(cli.__file__).parents[1]), "PYTHONIOENCODING": "ascii"}
    command = [sys.executable, "-m", "ratchet.cli", "step"]
    done = subprocess.run(command, cwd=project.root, capture_output=True, env=environment)
    assert "(Δ +0.1000) | KEPT — an idea" in done.stdout.decode()
