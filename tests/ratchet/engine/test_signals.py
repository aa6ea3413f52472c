"""However a loop ends, its agent ends too, and a late edit of an agent is nobody's next experiment."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
Ratchet = Callable[..., tuple[int, str, str]]
Start = Callable[..., subprocess.Popen[str]]
# The edit comes late, from a child of the agent that has a session of its own.
LATE = """import os, pathlib, time
pathlib.Path("model.py").write_text(f'HYPOTHESIS = "late"\\nSCORE = 0.9\\n')
pathlib.Path("edited").touch()
"""
AGENT = """import os, pathlib, subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", {late!r}], {how})
pathlib.Path("pids.part").write_text(f"{{os.getpid()}} {{child.pid}}")
pathlib.Path("pids.part").rename("pids")
time.sleep(600)
"""
WAITING = f"import pathlib, time\nwhile not pathlib.Path('now').exists(): time.sleep(0.02)\n{LATE}time.sleep(600)"


@pytest.fixture
def loop(project) -> Iterator[Start]:
    """Start a loop whose agent has a child of its own and then waits for ten minutes."""
    started = []

    def start(*before: str, how: str = "start_new_session=True") -> subprocess.Popen[str]:
        project.write("agent.py", AGENT.format(late=WAITING, how=how))
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
        command = [*before, sys.executable, "-m", "ratchet.cli", "loop", "-n", "3"]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "stdin": subprocess.DEVNULL}
        started.append(subprocess.Popen(command, text=True, env=environment, cwd=project.root, **pipes))
        return started[-1]

    was = signal.signal(signal.SIGHUP, signal.SIG_DFL)  # ignored, and inherited so, where nohup runs the tests
    yield start
    signal.signal(signal.SIGHUP, was)
    for child in started:
        child.kill()
        child.communicate()


def wait_until(is_true: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + 120
    while not is_true():
        assert time.monotonic() < deadline, what
        time.sleep(0.02)


def pids(project) -> list[int]:
    path: Path = project.root / "pids"
    wait_until(path.exists, "the agent did not start")
    return [int(pid) for pid in path.read_text().split()]


def is_running(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@pytest.mark.parametrize(("number", "status"), [(signal.SIGHUP, 129), (signal.SIGTERM, 143), (signal.SIGKILL, -9)])
def test_the_agent_and_its_children_end_with_the_loop(project, loop: Start, number: int, status: int) -> None:
    running = loop()
    agents = pids(project)
    running.send_signal(number)
    assert running.wait(120) == status
    wait_until(lambda: not any(map(is_running, agents)), "the agent outlived the loop")


def test_a_loop_under_nohup_goes_on_when_the_terminal_closes(project, loop: Start) -> None:
    running = loop("nohup")
    agents = pids(project)
    running.send_signal(signal.SIGHUP)
    os.kill(agents[0], signal.SIGKILL)
    wait_until(lambda: "\n1\t" in project.read("results.tsv"), "it ended")
    assert running.poll() is None


def test_an_agent_that_no_guard_found_is_ended_before_the_worktree_is_read(project, loop: Start, ratchet) -> None:
    """Its child has left the session and the mark of its tree, and keeps the mark of the run."""
    without = "env={key: value for key, value in os.environ.items() if key != 'HARNESS_PROCESS_MARK'}"
    running = loop(how=f"start_new_session=True, {without}")
    agent, child = pids(project)
    running.kill()
    running.wait(120)
    wait_until(lambda: not is_running(agent), "the agent outlived the loop")
    assert is_running(child)
    project.write("agent.py", "")
    _, out, _ = ratchet("loop", "-n", "1")
    project.write("now", "")
    assert not is_running(child)
    assert "iter 1 | score=0.5000 | DISCARDED (no change)" in out


def test_an_edit_from_before_the_kill_is_saved_and_not_measured(project, loop: Start, ratchet: Ratchet) -> None:
    running = loop()
    agents = pids(project)
    project.write("now", "")
    wait_until((project.root / "edited").exists, "there was no edit")
    running.kill()
    running.wait(120)
    wait_until(lambda: not any(map(is_running, agents)), "the agent outlived the loop")
    project.write("agent.py", "")
    says = "next: `uv run ratchet loop`, which puts the edit of model.py aside: its agent was interrupted"
    assert says in ratchet("status")[1]
    _, out, err = ratchet("loop", "-n", "1")
    assert "The edit of an agent that was interrupted is put aside: `git show refs/ratchet/" in err
    assert "iter 1 | score=0.5000 | DISCARDED (no change)" in out
