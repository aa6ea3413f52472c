"""How an agent fails is part of the experiment, with a reason; the loop goes on, or stops with a clear line."""

import os
import re
import stat
import sys
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from ratchet.engine.agents import PRESETS, find_agent

Ratchet = Callable[..., tuple[int, str, str]]

EDIT = "import pathlib; pathlib.Path('model.py').write_text('HYPOTHESIS = \"x\"\\nSCORE = 0.9\\n')\n"
TRESPASS = """
pathlib.Path("measure.py").write_text('print("score: 99")')
pathlib.Path("notes.txt").write_text("hers")
"""


def loop_with(project, ratchet: Ratchet, source: str, *options: str) -> tuple[int, list[str], str]:
    project.write("agent.py", source)
    status, out, err = ratchet("loop", *(options or ("-n", "1")))
    return status, out.splitlines()[1:], err


def test_an_agent_gets_its_task_from_the_environment(project, ratchet: Ratchet) -> None:
    loop_with(
        project,
        ratchet,
        "import os, json; json.dump({k: os.environ[k] for k in os.environ if 'RATCHET_' in k}, open('env.json', 'w'))",
        *("-n", "1", "--seed", "7"),
    )
    import json

    env = json.loads(project.read("env.json"))
    tag = env["RATCHET_TAG"]
    assert (env["RATCHET_N"], env["RATCHET_SEED"], env["RATCHET_FILE"], env["RATCHET_STRATEGY"]) == (
        "1",
        "7",
        "model.py",
        "",
    )
    assert Path(env["RATCHET_JOURNAL"]) == project.root / f".ratchet/{tag}/journal.jsonl"
    assert Path(env["RATCHET_PROMPT"]).is_file()


def test_what_an_agent_says_is_kept_with_its_experiment(project, ratchet: Ratchet) -> None:
    _, _, _ = loop_with(project, ratchet, EDIT + "print('talk\\nstrategy: guess\\nnote: {\"a\": [1]}\\ntalk')")
    verdict = project.journal(next(project.root.glob(".ratchet/*/journal.jsonl")).parent.name)[-2]
    assert (verdict["strategy"], verdict["note"]) == ("guess", '{"a": [1]}')


def test_an_agent_that_edits_nothing(project, ratchet: Ratchet) -> None:
    assert loop_with(project, ratchet, "")[1][0] == "iter 1 | score=0.5000 | DISCARDED (no change) — baseline"


def test_an_agent_that_exits_non_zero_is_not_measured(project, ratchet: Ratchet) -> None:
    _, lines, _ = loop_with(project, ratchet, EDIT + "import sys; sys.exit('no key')")
    assert lines[0] == "iter 1 | CRASHED (agent: exit status 1: no key) — x"
    assert "SCORE = 0.5" in project.read("model.py")
    assert "+SCORE = 0.9" in ratchet("show", "1")[1]


def test_an_agent_that_takes_too_long(project, ratchet: Ratchet) -> None:
    project.configure("agent_timeout = 0.5")
    assert loop_with(project, ratchet, EDIT + "import time; time.sleep(60)")[1][0].startswith(
        "iter 1 | TIMEOUT (agent: more than 0.5 s)"
    )


def test_an_agent_that_edits_what_it_may_not(project, ratchet: Ratchet) -> None:
    source = EDIT + TRESPASS
    _, lines, err = loop_with(project, ratchet, source, "-n", "2")
    assert lines[0] == "iter 1 | REJECTED (edited measure.py, which is frozen) — x"
    assert lines[1].startswith("iter 2 | REJECTED (edited measure.py")
    assert "import model" in project.read("measure.py")
    assert project.read("notes.txt") == "mine\n"
    assert "outside of its scope the agent changed notes.txt: put back, and kept" in err
    assert '+print("score: 99")' in ratchet("show", "1")[1]


def test_an_agent_that_leaves_children_behind(project, ratchet: Ratchet) -> None:
    source = EDIT + (
        "import subprocess, sys\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'], start_new_session=True)\n"
        "pathlib.Path('pid').write_text(str(child.pid))\n"
    )
    _, lines, err = loop_with(project, ratchet, source)
    assert lines[0].startswith("iter 1 | score=0.9000 (Δ +0.4000) | KEPT")
    assert "iter 1: warning: the agent left 1 process running; killed" in err
    pid = int(project.read("pid"))
    assert not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


def test_a_missing_command_stops_the_loop_after_a_streak(project, ratchet: Ratchet) -> None:
    status, out, _ = ratchet("loop", "-n", "9", "--agent", "./no-such-agent < {prompt}")
    assert status == 1
    assert out.count("CRASHED (agent: exit status 127: ") == 3
    assert "stopped: the agent failed 3 times in a row: exit status 127" in out


@pytest.mark.parametrize(("name", "fix"), [("cluade", "Did you mean claude?"), ("no-such-agent", "Install it")])
def test_a_name_that_no_program_has_is_refused_before_anything_starts(project, ratchet: Ratchet, name, fix) -> None:
    status, out, err = ratchet("loop", "-n", "9", "--agent", name)
    assert (status, out) == (1, "")
    assert f"agent: {name!r} is not a command, nor one of builtin, claude, codex, opencode, gemini, aider. {fix}" in err


def test_an_agent_without_ideas_stops_the_loop(project, ratchet: Ratchet) -> None:
    _, lines, _ = loop_with(project, ratchet, "", "-n", "9")
    assert sum("no change" in line for line in lines if line.startswith("iter")) == 5
    assert "stopped: the agent changed nothing 5 times in a row" in lines[-1]


def test_a_command_gets_the_path_of_the_prompt_or_the_prompt_itself(project, ratchet: Ratchet) -> None:
    ratchet("loop", "-n", "1", "--agent", "cp {prompt} by-path.md")
    ratchet("loop", "-n", "1", "--agent", "cat > by-stdin.md")
    assert project.read("by-path.md").startswith("# toy: one experiment")
    assert project.read("by-stdin.md").startswith("# toy: one experiment")


def test_a_preset_that_is_not_installed_is_one_clear_line(project, ratchet: Ratchet, monkeypatch) -> None:
    monkeypatch.setattr("ratchet.engine.agents.shutil.which", lambda name: None)
    status, out, err = ratchet("loop", "--agent", "codex")
    assert (status, out) == (1, "")
    assert err == "agent codex: the command codex is not on PATH. Install it, or --agent builtin.\n"


CALLED = {  # as the documentation of each spells it; the prompt comes by stdin, or as a path
    "claude": "--print --output-format json --allowedTools Edit(/model.py) --disallowedTools Bash WebFetch WebSearch",
    "codex": "exec --json --sandbox workspace-write --skip-git-repo-check -",
    "opencode": "run",
    "gemini": "--output-format json --approval-mode auto_edit",
    "aider": "--message-file PROMPT --yes-always --no-auto-commits --no-dirty-commits --no-gitignore model.py",
}


@pytest.mark.parametrize("preset", PRESETS)
@pytest.mark.skipif(sys.platform == "win32", reason="the stand-in is a shell script")
def test_a_preset_reads_the_prompt_and_edits_without_asking(
    project, ratchet, tmp_path, monkeypatch, preset: str
) -> None:
    stand_in = tmp_path / "bin" / preset
    stand_in.parent.mkdir()
    stand_in.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$0.py" "$@"\n')
    stand_in.with_name(f"{preset}.py").write_text(
        "import os, pathlib, sys\n"
        "pathlib.Path('called').write_text(' '.join(sys.argv[1:]))\n"
        "pathlib.Path('trusted').write_text(os.environ.get('GEMINI_CLI_TRUST_WORKSPACE', ''))\n"
        "said = ' '.join(sys.argv[1:]) + ('' if sys.stdin.isatty() else sys.stdin.read())\n"
        "said += ''.join(p.read_text() for p in map(pathlib.Path, sys.argv[1:]) if len(str(p)) < 200 and p.is_file())\n"
        "pathlib.Path('said').write_text(said)\n" + EDIT
    )
    stand_in.chmod(stand_in.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", os.pathsep.join([str(stand_in.parent), os.environ["PATH"]]))
    _, out, _ = ratchet("loop", "-n", "1", "--agent", preset)
    assert "iter 1 | score=0.9000 (Δ +0.4000) | KEPT — x" in out
    assert "Goal: maximize score" in project.read("said")
    assert re.sub(r"/.*prompt\.md", "PROMPT", project.read("called")) == CALLED[preset]
    assert project.read("trusted") == ("true" if preset == "gemini" else "")


def test_the_builtin_agent_is_a_child_of_this_interpreter() -> None:
    assert find_agent("builtin").command.endswith("-m researcher")
    assert sys.executable in find_agent("builtin").command
