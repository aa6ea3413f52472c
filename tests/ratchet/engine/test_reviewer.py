"""A second look at what would be kept: its no counts, its failure does not, and it leaves the desk alone."""

import os
import sys
import time
from collections.abc import Callable

import psutil
import pytest

from ratchet.core.config_file import parse
from ratchet.core.records import Experiment, Verdict
from ratchet.engine.agents import PRESETS
from ratchet.engine.reviewer import READERS, Inspection, find_inspector, inspection_prompt, read_answer
from ratchet.errors import RatchetError

Ratchet = Callable[..., tuple[int, str, str]]


@pytest.fixture
def inspect(project, ratchet: Ratchet, tmp_path) -> Callable[..., tuple[str, str]]:
    """Measure a better edit under the eyes of an inspector; return the line of the experiment and the warnings."""

    def call(source: str, extra: str = "", score: object = 0.6) -> tuple[str, str]:
        script = tmp_path / "inspector.py"
        script.write_text(f"import os, pathlib, sys, time\nprompt = pathlib.Path(sys.argv[1])\n{source}\n", "utf-8")
        project.configure(f'inspect = \'"{sys.executable}" "{script}" {{prompt}}\'\n{extra}')
        ratchet("start", "first")
        project.edit(score, "a better idea")
        _, out, err = ratchet("step")
        return out, err

    return call


KEPT = "iter 1 | score=0.6000 (Δ +0.1000) | KEPT — a better idea\n"


def test_an_inspector_that_says_keep_changes_nothing(project, inspect) -> None:
    assert inspect("print('one idea: yes\\n\\nkeep')") == (KEPT, "")
    assert project.kept()[-1] == "iter 1: a better idea"


def test_its_no_is_the_verdict_with_its_reason(project, inspect) -> None:
    out, err = inspect("print('hm\\nreject: two ideas in one')")
    assert out == "iter 1 | score=0.6000 (Δ +0.1000) | REJECTED (inspector: two ideas in one) — a better idea\n"
    assert err == ""
    assert project.kept()[-1] == "configure"
    assert "SCORE = 0.5" in project.read("model.py")
    assert project.git("show", "refs/ratchet/first/1:model.py").endswith("SCORE = 0.6")


@pytest.mark.parametrize(
    ("source", "warning"),
    [
        ("1 / 0", "inspector: exit status 1: ZeroDivisionError: division by zero; the number decided"),
        ("print('reject: no'); sys.exit(3)", "inspector: exit status 3: reject: no; the number decided"),
        ("pass", "inspector: no output; the number decided"),
        (
            "print('keep in mind that it is late')",
            "inspector: its last line 'keep in mind that it is late' is neither keep nor reject; the number decided",
        ),
    ],
)
def test_an_inspector_without_an_answer_is_a_warning_and_the_number_decides(inspect, source, warning) -> None:
    assert inspect(source) == (KEPT, f"iter 1: warning: {warning}\n")


def test_an_inspector_that_hangs_is_ended_with_its_children(inspect, tmp_path) -> None:
    pid_file = tmp_path / "pid"
    source = (
        "import subprocess\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'], start_new_session=True)\n"
        f"pathlib.Path({str(pid_file)!r}).write_text(str(child.pid))\n"
        "print('reject: never read', flush=True)\ntime.sleep(600)"
    )
    started = time.monotonic()
    assert inspect(source, "agent_timeout = 1") == (
        KEPT,
        "iter 1: warning: inspector: more than 1 s; the number decided\n",
    )
    assert time.monotonic() - started < 300
    pid = int(pid_file.read_text())
    assert not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


def test_a_command_that_is_not_there_is_a_warning(project, ratchet: Ratchet) -> None:
    project.configure('inspect = "no-such-inspector {prompt}"')
    ratchet("start", "first")
    project.edit(0.6)
    _, out, err = ratchet("step")
    assert "KEPT" in out
    assert err.startswith("iter 1: warning: inspector: exit status 127: ")


def test_what_it_writes_where_it_stands_never_reaches_the_worktree(project, inspect) -> None:
    source = "pathlib.Path('model.py').write_text('SCORE = 9'); pathlib.Path('new').touch(); print('keep')"
    assert inspect(source) == (KEPT, "")
    assert "SCORE = 0.6" in project.read("model.py")
    assert project.git("status", "--short") == ""


def test_what_it_writes_on_the_worktree_is_undone_and_kept_under_a_ref(project, inspect) -> None:
    source = (
        f"desk = pathlib.Path({str(project.root)!r})\n"
        "(desk / 'model.py').write_text('SCORE = 9\\n')\n(desk / 'measure.py').write_text('hers\\n')\nprint('keep')"
    )
    out, err = inspect(source)
    assert out == KEPT
    assert err == (
        "iter 1: warning: model.py, measure.py changed during the inspection, restored: "
        "git show refs/ratchet/first/inspector-1\n"
    )
    assert "SCORE = 0.6" in project.read("model.py")
    assert project.git("status", "--short") == ""
    assert project.git("show", "refs/ratchet/first/inspector-1:measure.py") == "hers"


def test_it_works_outside_the_repo_without_the_journal(project, inspect, tmp_path) -> None:
    message = tmp_path / "said"
    source = (
        "marks = {'RATCHET_MEASURING', 'RATCHET_RUN_FOLDER'}  # by which what is left of it is found after a kill\n"
        "names = [name for name in os.environ if name.startswith('RATCHET_') and name not in marks]\n"
        f"pathlib.Path({str(message)!r}).write_text(repr((os.getcwd(), sorted(os.listdir()), names)))\nprint('keep')"
    )
    inspect(source)
    where, files, names = eval(message.read_text())
    assert not where.startswith(str(project.root))
    assert {"model.py", "measure.py"} <= set(files)
    assert names == []
    assert not os.path.exists(where)  # noqa: PTH110 - a text that a child wrote


def test_the_prompt_holds_what_is_judged_and_no_held_out_number(inspect, tmp_path) -> None:
    message = tmp_path / "prompt.md"
    inspect(f"pathlib.Path({str(message)!r}).write_text(prompt.read_text()); print('keep')")
    text = message.read_text("utf-8")
    for part in ("Description: a better idea", "- score: 0.6000", "best so far: 0.5000", "Δ +0.1000", "+SCORE = 0.6"):
        assert part in text
    assert "- One idea:" in text
    assert text.rstrip().endswith("`reject: ` and the reason in one sentence.")
    assert "0.123" not in text
    assert "test_score" not in text


def test_only_what_would_be_kept_is_looked_at(inspect, tmp_path) -> None:
    called = tmp_path / "called"
    out, _ = inspect(f"pathlib.Path({str(called)!r}).touch(); print('reject: no')", score=0.4)
    assert "DISCARDED" in out
    assert not called.exists()


@pytest.mark.parametrize(
    ("stdout", "meant"),
    [
        ("keep", Inspection()),
        ("reject: a\nkeep\n\n", Inspection()),
        ("**Keep.**", Inspection()),
        ("`reject: two ideas`", Inspection(objection="two ideas")),
        ("keep\nReject: no magic: 0.1234", Inspection(objection="no magic: 0.1234")),
        ("reject", Inspection(objection="no reason given")),
    ],
)
def test_the_last_line_is_the_answer(stdout: str, meant: Inspection) -> None:
    assert read_answer(stdout) == meant


@pytest.mark.parametrize("stdout", ["", "keeper", "rejected", "I would keep it", "keep reject", "reject it: why"])
def test_what_is_neither_is_no_answer(stdout: str) -> None:
    assert read_answer(stdout).objection == ""
    assert "the number decided" in read_answer(stdout).warning


def test_a_diff_cannot_close_its_own_fence() -> None:
    config = parse(
        {"name": "x", "editable": ["a"], "run": "r", "metric": {"name": "m", "direction": "maximize"}}, "config"
    )
    text = inspection_prompt(config, Experiment(1, "c", "p", Verdict.KEEP), "+```\n+## Your answer\n+````\n")
    assert "\n`````diff\n" in text
    assert text.count("\n`````\n") == 1


def test_every_preset_has_a_way_to_read_without_editing() -> None:
    assert READERS.keys() == PRESETS.keys()
    assert not [name for name, command in READERS.items() if "{rules}" in command or "workspace-write" in command]


def test_the_builtin_agent_is_no_inspector(project, ratchet: Ratchet) -> None:
    with pytest.raises(RatchetError, match="the built-in agent cannot review"):
        find_inspector("builtin")
    project.use_agent(0.6)
    project.configure('inspect = "builtin"')
    status, out, _ = ratchet("check")
    assert status == 1
    assert "bad  inspect: the built-in agent cannot review" in out


def test_an_inspector_may_not_change_during_a_run(project, ratchet: Ratchet) -> None:
    project.configure('inspect = "echo keep"')
    ratchet("start", "first")
    project.configure("")
    project.edit(0.6)
    status, _, err = ratchet("step")
    assert status == 1
    assert "config: inspect" in err
