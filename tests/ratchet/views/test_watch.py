"""The live view: a run seen from outside, on no experiment, on one, on ten thousand, while a loop runs and after."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from ratchet.core.config import Config, Direction, Metric, Source
from ratchet.core.records import Experiment, Verdict
from ratchet.core.stop_rules import Limits
from ratchet.core.trajectory import climb_of
from ratchet.repo import files
from ratchet.repo.run import Run, current_run, open_worktree
from ratchet.views.charts import KEPT, sketch
from ratchet.views.terminal import Board, Notice, read_notice
from ratchet.views.watch import Watcher, limits_text, lines_of, now_text

Ratchet = Callable[..., tuple[int, str, str]]
CONFIG = Config(name="toy", editable=("m.py",), run="r", metrics=(Metric(Source("auc"), Direction.MAXIMIZE),))


def made(n: int, verdict: Verdict, metric: float | None = None) -> Experiment:
    return Experiment(n=n, commit="c", parent="p", verdict=verdict, metric=metric)


def the_run(project) -> Run:
    run = current_run(open_worktree(project.root))
    assert run is not None
    return run


@pytest.mark.parametrize("count", [1, 2, 300, 10_000])
@pytest.mark.parametrize(("width", "height"), [(20, 3), (100, 18), (400, 60)])
def test_a_sketch_keeps_within_its_frame(count: int, width: int, height: int) -> None:
    history = [made(n, Verdict.KEEP if n % 50 == 1 else Verdict.DISCARD, 0.5 + n % 7 / 100) for n in range(1, count)]
    rows = sketch(climb_of([made(0, Verdict.BASELINE, 0.5), *history], CONFIG), width, height)
    assert len(rows) == height
    assert max(map(len, rows)) <= width
    assert any(KEPT in row for row in rows)


def test_a_sketch_rises_to_the_best_and_shows_a_crash_on_its_rail() -> None:
    history = [made(0, Verdict.BASELINE, 0.5), made(1, Verdict.CRASH), made(2, Verdict.KEEP, 0.9)]
    rows = sketch(climb_of(history, CONFIG), 60, 12)
    first, last = (next(row for row in rows if row.endswith(KEPT)), next(row for row in rows if "0.9000" in row))
    assert first == last
    assert "×" in rows[-1]


def test_a_notice_comes_back_as_it_was_written_and_goes_with_its_writer(project, ratchet: Ratchet) -> None:
    ratchet("start", "first")
    board = Board(the_run(project))
    board.begin_loop(Limits(n=8, until=0.9), 1)
    board.show("iter 3: measuring (fold 2/5)\x1b[2J")
    notice = read_notice(the_run(project))
    assert notice is not None
    assert (notice.text, notice.limits, notice.first_n) == (
        "iter 3: measuring (fold 2/5) [2J",
        Limits(n=8, until=0.9),
        1,
    )
    Board(the_run(project)).clear()  # another command, which wrote nothing
    assert read_notice(the_run(project)) is not None
    board.clear()
    assert read_notice(the_run(project)) is None


@pytest.mark.parametrize("text", ["", "{", "[]", '{"text": 1}', '{"text": "x", "since": "y"}', "\x00"])
def test_a_notice_that_makes_no_sense_is_none(project, ratchet: Ratchet, text: str) -> None:
    ratchet("start", "first")
    (the_run(project).folder / "now.json").write_text(text)
    assert read_notice(the_run(project)) is None


def test_what_is_done_now_is_believed_only_while_somebody_holds_the_lock(project, ratchet: Ratchet) -> None:
    ratchet("start", "first")
    run = the_run(project)
    Board(run).show("iter 1: measuring")
    assert now_text(Watcher(run).look()) == "no process is working on the run"
    with files.hold_lock(run.folder / "lock", "a test"):
        assert now_text(Watcher(run).look()).startswith("iter 1: measuring (")


def test_the_limits_say_how_far_they_are(project, ratchet: Ratchet) -> None:
    ratchet("start", "first")
    sight = Watcher(the_run(project)).look()
    notice = Notice("x", 0.0, Limits(n=8, patience=3, until=0.9, minutes=10), 1, started=60.0)
    history = [made(0, Verdict.BASELINE, 0.5), made(1, Verdict.KEEP, 0.6), made(2, Verdict.CRASH)]
    report = limits_text(replace(sight, notice=notice, history=history, at=150.0))
    assert report == ("limits: 2 of 8 experiments, 1 of 3 without a gain, until score is 0.9000, 1.5 of 10 minutes")
    assert limits_text(sight) == ""


def test_in_a_pipe_the_state_is_printed_once(project, ratchet: Ratchet) -> None:
    ratchet("start", "first")
    project.edit(0.7, "better")
    ratchet("step")
    status, out, _ = ratchet("watch")
    assert status == 0
    assert "1 experiment, 1 kept; best score=0.7000" in out
    assert "KEPT — better" in out
    assert out.rstrip().endswith("now: no process is working on the run")


def test_without_a_run_watch_says_what_to_do(project, ratchet: Ratchet) -> None:
    for command in (["watch"], ["report"], ["watch", "--web"], ["plot", "--png", "x.png"]):
        status, out, err = ratchet(*command)
        assert (status, out, err.count("\n")) == (1, "", 1)
        assert "ratchet start" in err


def test_a_small_terminal_still_shows_what_is_done_now(project, ratchet: Ratchet) -> None:
    ratchet("start", "first")
    for height in (1, 5, 10, 24, 100):
        lines = lines_of(Watcher(the_run(project)).look(), 80, height)
        assert lines[-1].startswith("now: ")
        assert len(lines) <= max(height, 14)


@pytest.mark.skipif(sys.platform == "win32", reason="a terminal of our own takes a pty")
def test_in_a_terminal_it_follows_a_loop_and_ends_with_it(project, ratchet: Ratchet) -> None:
    project.use_agent(*[0.5 + n / 100 for n in range(1, 5)])
    ratchet("start", "first")
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3]), "TERM": "xterm-256color"}
    loop = subprocess.Popen(
        [sys.executable, "-m", "ratchet.cli", "loop", "-n", "4"],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    status, seen = in_a_terminal(["watch"], environment, keys=b"", seconds=300)
    assert loop.wait(60) == 0
    assert status == 0
    assert "4 experiments, 4 kept" in seen


@pytest.mark.skipif(sys.platform == "win32", reason="a terminal of our own takes a pty")
@pytest.mark.parametrize("key", [b"q", b"\x03"], ids=["q", "Ctrl-C"])
def test_a_key_ends_it(project, ratchet: Ratchet, key: bytes) -> None:
    ratchet("start", "first")
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[3]), "TERM": "xterm-256color"}
    status, seen = in_a_terminal(["watch", "--keep"], environment, keys=key, seconds=300)
    assert status == 0
    assert "no process is working on the run" in seen


def in_a_terminal(command: list[str], environment: dict[str, str], *, keys: bytes, seconds: float) -> tuple[int, str]:
    """Run a command on a terminal of its own, press keys once it shows something; return status and all it wrote."""
    import pty
    import select

    pid, terminal = pty.fork()
    if pid == 0:
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # tests that run in the background were started to ignore it
        os.execve(sys.executable, [sys.executable, "-m", "ratchet.cli", *command], environment)
    seen, deadline = b"", time.monotonic() + seconds
    while time.monotonic() < deadline:
        if select.select([terminal], [], [], 0.2)[0]:
            try:
                piece = os.read(terminal, 65536)
            except OSError:
                break
            if not piece:
                break
            seen += piece
        if keys and b"now: " in seen:
            os.write(terminal, keys)
            keys = b""
    else:
        os.kill(pid, 9)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), seen.decode("utf-8", "replace")
