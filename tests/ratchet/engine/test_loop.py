"""When a loop ends, what it does about Ctrl-C, and what it does about a user who works beside it."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable

import pytest

Ratchet = Callable[..., tuple[int, str, str]]
SLOW_AGENT = """import os, pathlib, time
n = int(os.environ["RATCHET_N"])
pathlib.Path("model.py").write_text(f'HYPOTHESIS = "idea {n}"\\nSCORE = 0.5 + {n} / 100\\n')
pathlib.Path(f"thinking-{n}").touch()
while not pathlib.Path("think-no-more").exists(): time.sleep(0.02)
"""


def iterations(out: str) -> list[str]:
    return [line.split(" | ")[0] for line in out.splitlines() if line.startswith("iter ")]


def test_patience(project, ratchet: Ratchet) -> None:
    project.use_agent(0.6, 0.51, 0.52, 0.53)
    _, out, _ = ratchet("loop", "-p", "2", "-n", "9")
    assert iterations(out) == ["iter 0", "iter 1", "iter 2", "iter 3"]
    assert "stopped: no gain in 2 experiments" in out


def test_until(project, ratchet: Ratchet) -> None:
    project.use_agent(0.6, 0.7, 0.8)
    _, out, _ = ratchet("loop", "--until", "0.65")
    assert iterations(out)[-1] == "iter 2"
    assert "stopped: score has reached 0.6500" in out


def test_minutes(project, ratchet: Ratchet) -> None:
    project.use_agent(0.6, 0.7, 0.8)
    _, out, _ = ratchet("loop", "--minutes", "0.0001")
    assert "stopped: 0.0001 minutes are over" in out
    assert iterations(out) == ["iter 0", "iter 1"]


def test_limits_of_the_config_hold_where_nothing_else_was_asked_for(project, ratchet: Ratchet) -> None:
    project.configure("max_iterations = 2")
    project.use_agent(0.6, 0.7, 0.8)
    assert iterations(ratchet("loop")[1])[-1] == "iter 2"
    assert "done: 2 experiments done" in ratchet("status")[1]


def test_the_cap_of_the_config_is_named_when_the_loop_stops_for_it(project, ratchet: Ratchet) -> None:
    project.configure("max_iterations = 5")
    project.write(
        "agent.py", "import os; open('model.py', 'w').write('SCORE = 0.1 + 0.01 * ' + os.environ['RATCHET_N'])"
    )
    _, out, _ = ratchet("loop")
    assert iterations(out)[-1] == "iter 5"
    assert "stopped: 5 experiments done: max_iterations = 5 in pyproject.toml [tool.ratchet]; -n sets another" in out


def test_the_bandit_suggests_each_kind_in_turn(project, ratchet: Ratchet) -> None:
    project.configure('bandit = { arms = ["one", "two"] }')
    project.write(
        "agent.py", "import os; open('model.py', 'w').write('SCORE = 0.1 + 0.01 * ' + os.environ['RATCHET_N'])"
    )
    ratchet("loop", "-n", "2")
    assert [row["strategy"] for row in project.results()] == ["", "one", "two"]


@pytest.fixture
def slow_loop(project):
    project.write("agent.py", SLOW_AGENT)
    started = []

    def start(*options: str) -> subprocess.Popen[str]:
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
        child = subprocess.Popen(
            [sys.executable, "-m", "ratchet.cli", "loop", *options],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment,
            cwd=project.root,
        )
        started.append(child)
        return child

    yield start
    for child in started:
        child.kill()
        child.communicate()


def wait_for(path) -> None:
    deadline = time.monotonic() + 120
    while not path.exists():
        assert time.monotonic() < deadline, f"{path} did not come"
        time.sleep(0.02)


def wait_for_line(loop: subprocess.Popen[str], text: str) -> None:
    """Read what the loop says to people until it has said this."""
    assert loop.stderr is not None
    assert any(text in line for line in loop.stderr)


def think_no_more(project) -> None:
    """Let the agent of a slow loop end."""
    project.write("think-no-more", "")


def test_ctrl_c_once_finishes_the_experiment(project, slow_loop, ratchet: Ratchet) -> None:
    loop = slow_loop("-n", "9")
    wait_for(project.root / "thinking-1")
    loop.send_signal(signal.SIGINT)
    wait_for_line(loop, "stopping after this experiment; press Ctrl-C again to stop now")
    think_no_more(project)
    out, _ = loop.communicate(timeout=120)
    assert iterations(out) == ["iter 0", "iter 1"]
    assert "stopped: asked to stop" in out
    assert loop.returncode == 130


def test_ctrl_c_twice_stops_now_and_leaves_a_run_that_goes_on(project, slow_loop, ratchet: Ratchet) -> None:
    loop = slow_loop("-n", "9")
    wait_for(project.root / "thinking-1")
    loop.send_signal(signal.SIGINT)
    wait_for_line(loop, "stopping after this experiment; press Ctrl-C again to stop now")
    loop.send_signal(signal.SIGINT)
    out, err = loop.communicate(timeout=120)
    assert iterations(out) == ["iter 0"]
    assert loop.returncode == 130
    assert "Traceback" not in err
    assert "SCORE = 0.5\n" in project.read("model.py")
    project.use_agent(0.7)
    assert iterations(ratchet("loop", "-n", "1")[1]) == ["iter 1"]


def pids_that_asked(project) -> list[int]:
    """Return who the stop events of the one run say asked for it."""
    [folder] = [path.parent for path in project.root.glob(".ratchet/*/journal.jsonl")]
    events = project.journal(folder.name)
    return [event["asked_by"]["pid"] for event in events if event["event"] == "stop"]


def test_ratchet_stop_from_another_shell(project, slow_loop, ratchet: Ratchet) -> None:
    loop = slow_loop("-n", "9")
    wait_for(project.root / "thinking-1")
    assert ratchet("stop")[0] == 0
    think_no_more(project)
    out, _ = loop.communicate(timeout=120)
    assert iterations(out) == ["iter 0", "iter 1"]
    assert loop.returncode == 0
    assert pids_that_asked(project) == [os.getpid()]


def test_ratchet_stop_now_from_another_shell(project, slow_loop, ratchet: Ratchet) -> None:
    loop = slow_loop("-n", "9")
    wait_for(project.root / "thinking-1")
    assert ratchet("stop", "--now")[0] == 0
    out, _ = loop.communicate(timeout=120)
    assert iterations(out) == ["iter 0"]
    assert pids_that_asked(project) == [os.getpid()]


def test_sigterm_leaves_nothing_running(project, slow_loop) -> None:
    loop = slow_loop("-n", "9")
    wait_for(project.root / "thinking-1")
    loop.terminate()
    loop.communicate(timeout=120)
    assert loop.returncode == 143
    assert not (project.root / "thinking-2").exists()


def test_a_second_ratchet_in_the_same_run_is_refused(project, slow_loop, ratchet: Ratchet) -> None:
    loop = slow_loop("-n", "1")
    wait_for(project.root / "thinking-1")
    status, _, err = ratchet("step")
    assert status == 1
    assert f" is locked by process {loop.pid} (ratchet loop, since " in err
    assert f"process {loop.pid} is working on the run" in ratchet("status")[1]
    think_no_more(project)
    loop.communicate(timeout=120)


COMMITTER = """import os, pathlib, subprocess
n = int(os.environ["RATCHET_N"])
pathlib.Path("model.py").write_text(f'HYPOTHESIS = "idea {n}"\\nSCORE = 0.5 + {n} / 100\\n')
"""
MEASURE_AND_COMMIT = """import model, subprocess, os
root = {root!r}
if model.SCORE > 0.505 and not os.path.exists(root + "/committed"):
    open(root + "/committed", "w").close()
    open(root + "/notes.txt", "w").write("committed meanwhile")
    who = ["-c", "user.name=u", "-c", "user.email=u@v"]
    subprocess.run(["git", *who, "commit", "-qm", "meanwhile", "notes.txt"], cwd=root, check=True)
print("score:", model.SCORE)
"""


def test_a_user_who_commits_other_files_meanwhile_is_measured_around(project, ratchet: Ratchet) -> None:
    project.write("measure.py", MEASURE_AND_COMMIT.format(root=str(project.root)))
    project.commit("measure")
    project.write("agent.py", COMMITTER)
    status, out, _ = ratchet("loop", "-n", "2")
    assert status == 0
    assert [line.rsplit(" — ")[0].split("| ")[-1] for line in out.splitlines()[:3]] == ["BASELINE", "KEPT", "KEPT"]
    assert project.kept()[2:] == ["meanwhile", "iter 1: idea 1", "iter 2: idea 2"]
    assert project.git("show", "HEAD:notes.txt") == "committed meanwhile"
    assert [row["n"] for row in project.results()] == ["0", "1", "2"]
    assert project.git("status", "--short") == "?? committed"


def test_a_user_who_edits_the_file_while_it_is_measured_loses_nothing(project, ratchet: Ratchet) -> None:
    project.write(
        "measure.py",
        "import model, pathlib\nprint('score:', model.SCORE)\n"
        f"path = pathlib.Path({str(project.root / 'model.py')!r})\n"
        "if model.SCORE == 0.6: path.write_text('SCORE = 0.65  # typed meanwhile')\n",
    )
    project.commit("measure")
    ratchet("start", "first")
    project.edit(0.6)
    assert "KEPT" in ratchet("step")[1]
    assert project.read("model.py") == "SCORE = 0.65  # typed meanwhile"
    assert ratchet("step")[1].startswith("iter 2 | score=0.6500 (Δ +0.0500) | KEPT")


def test_a_user_who_leaves_the_branch_ends_the_loop(project, ratchet: Ratchet) -> None:
    project.write("agent.py", COMMITTER + "if n == 2: subprocess.run(['git', 'switch', '-qc', 'elsewhere'])\n")
    _, out, _ = ratchet("loop", "-n", "5")
    assert "stopped: HEAD has left the branch of the run" in out
    assert project.git("symbolic-ref", "--short", "HEAD") == "elsewhere"


def test_an_unmeasured_commit_of_the_editable_file_is_measured_like_any_edit(project, ratchet: Ratchet) -> None:
    ratchet("start", "first")
    project.edit(0.4, "committed by hand")
    project.commit("by hand")
    assert "DISCARDED — committed by hand" in ratchet("step")[1]
    assert "SCORE = 0.5\n" in project.read("model.py")
    project.edit(0.6, "better")
    assert "KEPT — better" in ratchet("step")[1]
    assert project.kept() == ["start", "by hand", "restore model.py of iter 0, the best", "iter 2: better"]


KILLED_ONCE = """import model, os, pathlib
mark = pathlib.Path({mark!r})
if model.SCORE == {score} and not mark.exists():
    mark.touch()
    os.kill(os.getpid(), 9)
print("score:", model.SCORE)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_what_the_machine_killed_is_measured_again(project, ratchet: Ratchet, tmp_path) -> None:
    project.write("measure.py", KILLED_ONCE.format(mark=str(tmp_path / "killed"), score=0.6))
    project.commit("a machine that kills one measurement")
    ratchet("start", "first")
    project.edit(0.6)
    assert "iter 1 | CRASHED (machine: the measuring process was killed from outside" in ratchet("step")[1]
    project.edit(0.6)
    assert "iter 2 | score=0.6000 (Δ +0.1000) | KEPT" in ratchet("step")[1]


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_a_baseline_that_the_machine_killed_is_not_blamed_on_the_file(project, ratchet: Ratchet, tmp_path) -> None:
    project.write("measure.py", KILLED_ONCE.format(mark=str(tmp_path / "killed"), score=0.5))
    project.commit("a machine that kills one measurement")
    status, _, err = ratchet("start", "first")
    assert status == 1
    assert "Free some memory" in err
    assert "Fix model.py" not in err
