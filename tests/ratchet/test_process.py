"""What a child may do to us, and what is left of it afterwards: nothing."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from ratchet.process import Budget, Limit, LineServer, Outcome, run, sweep

ON_LINUX = sys.platform == "linux"


def run_python(source: str, tmp_path: Path, *, budget: Budget | None = None, stdin: Path | None = None) -> Outcome:
    return run([sys.executable, "-c", source], cwd=tmp_path, budget=budget, stdin=stdin)


def is_running(pid: int) -> bool:
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


def test_an_outcome_holds_output_exit_status_and_use(tmp_path: Path) -> None:
    outcome = run_python("import sys; print('out'); print('err', file=sys.stderr); sys.exit(7)", tmp_path)
    assert (outcome.exit_code, outcome.stdout, outcome.stderr) == (7, "out\n", "err\n")
    assert outcome.cpu_s > 0
    assert outcome.wall_s >= outcome.cpu_s * 0.5
    assert outcome.peak_memory_mb > 1
    assert outcome.stopped_by is None
    assert not outcome.is_ok


def test_a_string_is_a_shell_line(tmp_path: Path) -> None:
    assert run("echo one && echo two", cwd=tmp_path).stdout.split() == ["one", "two"]


def test_a_missing_program_is_an_outcome(tmp_path: Path) -> None:
    outcome = run(["no-such-program-here"], cwd=tmp_path)
    assert outcome.exit_code is None
    assert outcome.failure == "command not found: no-such-program-here"


def test_a_missing_directory_is_an_outcome(tmp_path: Path) -> None:
    assert "no such directory" in run([sys.executable, "-V"], cwd=tmp_path / "nowhere").failure


def test_stdin_comes_from_a_file_and_is_empty_otherwise(tmp_path: Path) -> None:
    (tmp_path / "in.txt").write_text("hello")
    echo = "import sys; print(repr(sys.stdin.read()))"
    assert run_python(echo, tmp_path, stdin=tmp_path / "in.txt").stdout.strip() == "'hello'"
    assert run_python(echo, tmp_path).stdout.strip() == "''"


def test_a_busy_loop_ends_at_its_cpu_budget(tmp_path: Path) -> None:
    outcome = run_python("while True: pass", tmp_path, budget=Budget(cpu_s=0.3, wall_s=600))
    assert outcome.stopped_by is Limit.CPU


def test_cpu_seconds_of_grandchildren_count(tmp_path: Path) -> None:
    source = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'while True: pass'])"
    assert run_python(source, tmp_path, budget=Budget(cpu_s=0.5, wall_s=600)).stopped_by is Limit.CPU


def test_a_sleeper_ends_at_its_wall_clock_budget(tmp_path: Path) -> None:
    outcome = run_python("import time; time.sleep(60)", tmp_path, budget=Budget(wall_s=0.3))
    assert outcome.stopped_by is Limit.WALL
    assert outcome.exit_code == -signal.SIGKILL
    assert outcome.cpu_s < 1


def test_a_hoarder_ends_at_its_memory_budget(tmp_path: Path) -> None:
    source = "import time; hoard = bytearray(300_000_000); time.sleep(300)"
    outcome = run_python(source, tmp_path, budget=Budget(memory_mb=150, wall_s=200))
    assert outcome.stopped_by is Limit.MEMORY
    assert outcome.peak_memory_mb > 150


def test_output_without_end_is_stopped_and_its_end_kept(tmp_path: Path) -> None:
    source = "import sys\nwhile True: sys.stdout.write('x' * 9999 + '\\n')"
    outcome = run_python(source, tmp_path, budget=Budget(output_mb=5, wall_s=30))
    assert outcome.stopped_by is Limit.OUTPUT
    assert len(outcome.stdout) <= 1_000_000


def test_the_last_lines_of_long_output_are_kept(tmp_path: Path) -> None:
    outcome = run_python("print('x' * 3_000_000); print('val_auc: 0.5')", tmp_path)
    assert outcome.stdout.endswith("val_auc: 0.5\n")
    assert outcome.stopped_by is None


def test_a_request_stops_it(tmp_path: Path) -> None:
    outcome = run([sys.executable, "-c", "import time; time.sleep(60)"], cwd=tmp_path, should_stop=lambda: True)
    assert outcome.stopped_by is Limit.REQUEST


LEAVES_A_CHILD = """
import os, subprocess, sys
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], start_new_session=True{options})
print(child.pid, flush=True)
os._exit(0)
"""


def test_a_child_that_changed_session_is_killed(tmp_path: Path) -> None:
    outcome = run_python(LEAVES_A_CHILD.format(options=""), tmp_path)
    assert outcome.is_ok
    assert not is_running(int(outcome.stdout))


@pytest.mark.skipif(not ON_LINUX, reason="adoption of orphans is a Linux feature")
def test_an_orphan_without_the_mark_is_killed(tmp_path: Path) -> None:
    outcome = run_python(LEAVES_A_CHILD.format(options=", env={}"), tmp_path)
    assert not is_running(int(outcome.stdout))


def test_a_child_that_ignores_signals_is_killed(tmp_path: Path) -> None:
    source = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(60)"
    assert run_python(source, tmp_path, budget=Budget(wall_s=0.5)).stopped_by is Limit.WALL


def test_a_pipe_held_open_by_a_grandchild_does_not_hold_us(tmp_path: Path) -> None:
    started = time.monotonic()
    run("sleep 300 & echo done", cwd=tmp_path)
    assert time.monotonic() - started < 200


def test_an_interrupt_leaves_nothing_behind(tmp_path: Path) -> None:
    pid_file = tmp_path / "pid"

    def interrupt() -> bool:
        if pid_file.exists() and pid_file.read_text():
            raise KeyboardInterrupt
        return False

    source = f"import os, time, pathlib; pathlib.Path({str(pid_file)!r}).write_text(str(os.getpid())); time.sleep(60)"
    with pytest.raises(KeyboardInterrupt):
        run([sys.executable, "-c", source], cwd=tmp_path, should_stop=interrupt)
    assert not is_running(int(pid_file.read_text()))


def test_what_a_killed_predecessor_left_can_be_swept(tmp_path: Path) -> None:
    env = {**os.environ, "SWEEP_TEST": str(tmp_path)}
    left = LineServer([sys.executable, "-c", "import time; time.sleep(60)"], cwd=tmp_path, env=env)
    assert sweep("SWEEP_TEST", [str(tmp_path)]) == 1
    left.receive(60)
    assert not left.is_alive


ECHO = "import sys\nfor line in sys.stdin: print('you said', line.strip(), flush=True)"


def test_a_server_answers_line_by_line_and_goes_when_its_stdin_is_closed(tmp_path: Path) -> None:
    server = LineServer([sys.executable, "-c", ECHO], cwd=tmp_path)
    assert server.send("hello")
    assert server.receive(60) == "you said hello"
    assert server.receive(0.05) is None
    assert server.is_alive
    server.close()
    assert server.exit_code == 0


def test_a_server_that_dies_is_seen_to_be_dead(tmp_path: Path) -> None:
    server = LineServer([sys.executable, "-c", "import sys; sys.exit(3)"], cwd=tmp_path)
    assert server.receive(60) is None
    assert not server.is_alive
    assert server.exit_code == 3
    server.close()


def test_a_server_that_will_not_go_is_killed_with_its_children(tmp_path: Path) -> None:
    source = (
        "import subprocess, sys, time\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        "print(child.pid, flush=True)\ntime.sleep(60)"
    )
    server = LineServer([sys.executable, "-c", source], cwd=tmp_path, log=tmp_path / "log")
    pid = int(server.receive(60) or 0)
    server.close(grace_s=0.1)
    assert not is_running(pid)
    assert not server.is_alive


def test_a_server_that_cannot_start_says_why(tmp_path: Path) -> None:
    server = LineServer(["no-such-program-here"], cwd=tmp_path)
    assert server.failure == "command not found: no-such-program-here"
    assert not server.send("hello")
    assert server.receive(0.1) is None
    server.close()


def test_a_child_that_others_started_before_is_left_alone(tmp_path: Path) -> None:
    other = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], start_new_session=True)
    try:
        outcome = run_python("print('done')", tmp_path)
        assert outcome.left_behind == 0
        assert other.poll() is None
    finally:
        other.kill()
        other.wait()


RUNS_A_CHILD = """
import sys
from collections.abc import Callable
from pathlib import Path
from ratchet.process import LineServer, run
child = "import os, pathlib, time; pathlib.Path('pid').write_text(str(os.getpid())); time.sleep(600)"
command = [sys.executable, "-c", child]
{call}
"""


@pytest.mark.parametrize("call", ["run(command, cwd=Path())", "LineServer(command, cwd=Path()).receive(600)"])
@pytest.mark.skipif(sys.platform == "win32", reason="there is no guard on Windows")
def test_a_child_does_not_outlive_us(tmp_path: Path, call: str) -> None:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    ours = subprocess.Popen([sys.executable, "-c", RUNS_A_CHILD.format(call=call)], cwd=tmp_path, env=environment)
    wait_until(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text() != "")
    ours.kill()
    ours.wait()
    wait_until(lambda: not is_running(int((tmp_path / "pid").read_text())))


def wait_until(is_true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 120
    while not is_true():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_pause_of_ours_does_not_count_for_the_wall_clock_budget(tmp_path: Path, monkeypatch) -> None:
    """What a process that was stopped sees: between two looks at the clock, an hour."""
    monotonic, jump = time.monotonic, [0.0]
    monkeypatch.setattr("ratchet.process.time.monotonic", lambda: monotonic() + jump[0])

    def pause() -> bool:
        jump[0] += 3600.0 if jump[0] < 7200.0 else 0.0
        return False

    command = [sys.executable, "-c", "import time; time.sleep(1); print('done')"]
    outcome = run(command, cwd=tmp_path, budget=Budget(wall_s=600), should_stop=pause)
    assert (outcome.stopped_by, outcome.stdout) == (None, "done\n")
    assert outcome.wall_s < 600


BLIND = """
import sys, time
from pathlib import Path
from ratchet.process import Budget, Limit, blindness, run, sweep
assert blindness() and sweep("ANY", ["thing"]) == 0
source = "import os, time; print(os.getpid(), flush=True); time.sleep(600)"
outcome = run([sys.executable, "-c", source], cwd=Path(), budget=Budget(wall_s=5))
print(outcome.stopped_by, outcome.exit_code)
"""
CAN_UNMOUNT = ON_LINUX and subprocess.run(["unshare", "-m", "true"], capture_output=True, check=False).returncode == 0


@pytest.mark.slow
@pytest.mark.skipif(not CAN_UNMOUNT, reason="needs the right to unmount /proc")
def test_without_proc_a_child_still_ends_at_its_wall_clock_budget(tmp_path: Path) -> None:
    (tmp_path / "blind.py").write_text(BLIND)
    command = ["unshare", "-m", "sh", "-c", f'umount -l /proc && exec "{sys.executable}" blind.py']
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["wall", "-9"]
