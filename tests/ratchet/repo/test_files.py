"""A file is replaced as a whole; one ratchet at a time works in a run, and a dead holder holds nothing."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from ratchet.errors import RatchetError
from ratchet.repo.files import hold_lock, holder_pid, write_atomic

HOLDER = """import sys, time, pathlib
from ratchet.repo.files import hold_lock
with hold_lock(pathlib.Path(sys.argv[1]), "ratchet loop"):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def holder(tmp_path: Path):
    path = tmp_path / "first" / "lock"
    child = subprocess.Popen([sys.executable, "-c", HOLDER, str(path)], stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    assert child.stdout.readline() == "held\n"
    yield path, child
    child.kill()
    child.wait()
    child.stdout.close()


def test_a_second_ratchet_is_refused_and_shown_who_holds_the_run(holder) -> None:
    path, child = holder
    who = rf"^run first is locked by process {child.pid} \(ratchet loop, since \d+:\d+\)\. Wait, or run `ratchet stop`"
    with pytest.raises(RatchetError, match=who), hold_lock(path, "ratchet step"):
        pass
    assert holder_pid(path) == child.pid


def test_a_lock_whose_holder_was_killed_is_free(holder) -> None:
    path, child = holder
    child.kill()
    child.wait()
    assert json.loads(path.read_text())["pid"] == child.pid
    assert holder_pid(path) is None
    with hold_lock(path, "ratchet step"):
        assert holder_pid(path) == os.getpid()


@pytest.mark.parametrize("text", ["", "garbage", "[]", '{"pid": 1, "create_time": 0}', '{"pid": "x"}'])
def test_whatever_an_unheld_lock_says_it_is_free(tmp_path: Path, text: str) -> None:
    (tmp_path / "lock").write_text(text)
    assert holder_pid(tmp_path / "lock") is None
    with hold_lock(tmp_path / "lock", "ratchet step"):
        pass


def test_a_lock_is_given_back(tmp_path: Path) -> None:
    for _ in range(2):
        with hold_lock(tmp_path / "lock", "ratchet step"):
            pass
    assert holder_pid(tmp_path / "lock") is None


def test_a_file_is_replaced_in_a_folder_that_is_made(tmp_path: Path) -> None:
    target = tmp_path / "a" / "b.txt"
    for text in ("first\n", "second \ud800\n"):
        write_atomic(target, text)
    assert target.read_bytes() == b"second ?\n"
    assert list(target.parent.iterdir()) == [target]


def test_a_folder_in_the_way_is_an_error_and_stays(tmp_path: Path) -> None:
    target = tmp_path / "folder"
    (target / "kept").mkdir(parents=True)
    with pytest.raises(OSError, match="folder"):
        write_atomic(target, "x")
    assert (target / "kept").exists()
