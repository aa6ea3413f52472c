"""Workers on systems that refuse one of the calls by which they are forked."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from harness.errors import UserError
from harness.workers.launcher import can_fork, nameless_file
from harness.workers.pool import Runner
from tests.harness.workers.test_pool import run

ROOT = Path(__file__).resolve().parents[3]
REFUSING = """
import ctypes, struct, sys
sys.path[:0] = [{root!r}]
from harness.sandbox import linux

NUMBER = linux.CALLS[{call!r}][linux.machine_index()]
steps = [linux._step(linux.LOAD, 0), linux._step(linux.EQUAL, NUMBER, 0, 3), linux._step(linux.LOAD, 16)]
steps += [linux._step({test}, {value}, 0, 1), linux._step(linux.RETURN, linux.EPERM)]
steps += [linux._step(linux.RETURN, linux.ALLOW)]
code = ctypes.create_string_buffer(b"".join(steps))
program = struct.pack("HxxxxxxQ", len(steps), ctypes.addressof(code))
assert linux.libc.prctl(38, 1, 0, 0, 0) == linux.libc.prctl(22, 2, program, 0, 0) == 0

from harness.workers.pool import Runner
from tests.harness.workers.test_pool import run

with Runner(1) as runner:
    print(repr(run(runner, "").reason), type(runner.slots[0]).__name__)
"""
ANY_VALUE = ("linux.AT_LEAST", "0")
HAS_NAMESPACES = (
    subprocess.run(["unshare", "-m", "true"], capture_output=True, check=False).returncode == 0
    if (sys.platform == "linux")
    else False
)
linux = pytest.mark.skipif(sys.platform != "linux", reason="calls of Linux")


def run_without(call: str, test: str, value: str) -> tuple[str, str]:
    """Return what a harness prints whose kernel refuses a call, and what it says."""
    script = REFUSING.format(root=str(ROOT), call=call, test=test, value=value)
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    return done.stdout.strip(), done.stderr


@linux
@pytest.mark.slow
@pytest.mark.parametrize(
    ("call", "test", "value"),
    [("clone", "linux.ANY_BIT", "linux.CLONE_PARENT"), ("pidfd_open", *ANY_VALUE)],
)
def test_where_a_fork_is_refused_every_task_is_a_new_interpreter(call: str, test: str, value: str) -> None:
    printed, said = run_without(call, test, value)
    assert printed == "'' SpawnSlot"
    assert said.startswith("workers: forking is not possible here (")
    assert said.endswith("). Each task starts a new Python (1 s).\n")


@linux
@pytest.mark.slow
def test_without_files_in_memory_there_are_files_in_the_temporary_folder() -> None:
    assert run_without("memfd_create", *ANY_VALUE) == ("'' ForkSlot", "")


@linux
def test_trying_to_fork_leaves_no_process() -> None:
    before = {child.pid for child in psutil.Process().children()}
    can_fork.cache_clear()
    assert can_fork()
    assert {child.pid for child in psutil.Process().children()} <= before


def test_a_nameless_file_has_no_link() -> None:
    with nameless_file("job") as file:
        assert os.fstat(file.fileno()).st_nlink == 0


@linux
@pytest.mark.slow
def test_a_launcher_that_dies_while_it_starts_is_done_without(capsys: pytest.CaptureFixture[str]) -> None:
    with Runner(1) as runner:
        runner.warm_up()
        launcher = getattr(runner.slots[0], "launcher").process  # noqa: B009 - no part of the interface of a slot
        launcher.kill()
        launcher.wait()
        assert run(runner, "").reason == ""
        assert type(runner.slots[0]).__name__ == "SpawnSlot"
    assert capsys.readouterr().err.endswith(" -9. Each task starts a new Python (1 s).\n")


@linux
def test_a_machine_that_starts_no_worker_is_not_blamed_on_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.EAGAIN, os.strerror(errno.EAGAIN))

    with Runner(2) as runner:
        assert run(runner, "").reason == ""
        monkeypatch.setattr("harness.workers.launcher.ForkSlot.start", refuse)
        assert run(runner, "").reason.startswith("machine: no worker could be started (")


@linux
@pytest.mark.slow
@pytest.mark.skipif(not HAS_NAMESPACES, reason="needs the right to unmount /proc")
def test_without_proc_a_file_is_evaluated_and_the_lack_is_named() -> None:
    script = f'umount -l /proc && exec "{sys.executable}" prepare.py train.py'
    done = subprocess.run(["unshare", "-m", "sh", "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert "status: ok" in done.stdout
    assert "files=kernel" in done.stderr
    assert "(no /proc: CPU and memory are not watched)" in done.stderr


@linux
def test_without_a_temporary_folder_the_user_gets_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> str:
        raise FileNotFoundError(errno.ENOENT, "No usable temporary directory found")

    monkeypatch.setattr("tempfile.mkdtemp", refuse)
    with Runner(1) as runner, pytest.raises(UserError, match=r"workers: this machine cannot start any \(.*set TMPDIR"):
        runner.warm_up()
