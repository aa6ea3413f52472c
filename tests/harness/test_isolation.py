"""Nothing of a worker reaches a later one: not its memory, nor any file, socket or folder."""

from __future__ import annotations

import sys
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from harness.workers.modelfile import HEADER
from harness.workers.pool import Answer, Runner, Task, TaskBudget

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere every worker is a fresh interpreter")

BUDGET = TaskBudget(cpu_s=3000.0, wall_s=3000.0, memory_mb=4096)
MARK_BYTES = 24  # three float64: whole rows and whole scores consist of marks
N_SCORES = 30
# In the sandbox no worker can read its memory so plainly. These run without it, so that a search finds what there is.
BOTH = """
import os, sys, zlib
import numpy as np

def mark(number):
    text = b"MARK" + b"ER:%08d" % number
    return text + b"%08x;" % zlib.crc32(text)
"""
PLANT = (
    BOTH
    + """
KEPT = []

def stack(depth):
    here = mark(NUMBER) * 3
    return stack(depth - 1) if depth else here

def plant():
    one = mark(NUMBER)
    KEPT.extend([(one * (1 + i % 400)) for i in range(3000)][::2])
    KEPT.append(np.frombuffer(one * 50_000, "<f8") * 1.0)
    stack(200)
    os.environ["LEFT"] = one.decode()
    sys.left = np.left = one
    print(one.decode(), flush=True)
    open("left", "wb").write(one)

def spoil_descriptors():
    for fd in range(64):
        try:
            os.lseek(fd, 700_000 + NUMBER, os.SEEK_SET)
        except OSError:
            pass

class Model:
    def fit(self, X, y):
        plant()
        return self

    def predict_proba(self, X):
        n = len(X) // 3 + 1
        scores = np.frombuffer(mark(NUMBER) * n, "<f8")[:len(X)]
        return np.c_[scores, scores]

def feature_fn(X):
    plant()
    return X

build_pipeline = Model
"""
)
SEARCH = (
    BOTH
    + """
def found():
    numbers = set()
    prefix = b"".join([b"MARK", b"ER:"])
    for line in open("/proc/self/maps"):
        span, rights, *_ = line.split()
        if rights[0] == "r" and "[v" not in line:
            begin, end = (int(text, 16) for text in span.split("-"))
            numbers |= in_range(prefix, begin, end)
    return numbers

def in_range(prefix, begin, end):
    numbers = set()
    for place in range(begin, end, 1 << 24):
        try:
            data = os.pread(MEMORY, min((1 << 24) + 24, end - place), place)
        except OSError:
            continue
        at = data.find(prefix)
        while at >= 0:
            digits = data[at + 7 : at + 15]
            if digits.isdigit() and data[at + 15 : at + 23] == b"%08x" % zlib.crc32(data[at : at + 15]):
                numbers.add(int(digits))
            at = data.find(prefix, at + 1)
    return numbers

def offsets():
    for fd in range(64):
        try:
            yield os.lseek(fd, 0, os.SEEK_CUR)
        except OSError:
            continue

MEMORY = os.open("/proc/self/mem", os.O_RDONLY)
FOUND = [len(found()), sum(700_000 <= offset < 800_000 for offset in offsets()), "LEFT" in os.environ]
FOUND += [hasattr(np, "left") or hasattr(sys, "left"), len(os.listdir("."))]
shared = [line for line in open("/proc/self/maps") if line.split()[1][1:] in ("w-s", "wxs")]
FOUND += [len(shared), len([fd for fd in os.listdir("/proc/self/fd") if int(fd) > 2])]

class Model:
    def fit(self, X, y):
        return self

    def predict_proba(self, X):
        scores = np.resize(np.array(FOUND, dtype=float), len(X))
        return np.c_[scores, scores]

feature_fn = lambda X: X
build_pipeline = Model
"""
)
FIELDS = ("marks", "offsets", "environment", "modules", "files", "shared mappings")


def mark(number: int) -> bytes:
    text = b"MARKER:%08d" % number
    return text + b"%08x;" % zlib.crc32(text)


def job(source: str, X: pd.DataFrame, **more: Any) -> dict[str, Any]:
    y = (np.arange(len(X)) % 2).astype(np.int64)
    blocks = [X.head(N_SCORES)] * 2
    common = {"source": source, "X": X, "y": y, "blocks": blocks, "sizes": [8 * N_SCORES] * 2, "n_classes": 2}
    return {"task": "score", **common, "seed": 1, "guarded": False, **more}


def planter(number: int, n_rows: int = 300, **more: Any) -> Task:
    """A task that is full of one mark: its rows, its source, its scores, and all that it leaves."""
    rows = np.resize(np.frombuffer(mark(number), "<f8"), n_rows)
    source = PLANT.replace("NUMBER", str(number)) + more.pop("end", "")
    X = pd.DataFrame({"a": rows, "b": rows})
    return Task(job(source, X, note=mark(number), **more), 16 * N_SCORES, is_exact=True)


def seeker(end: str = "") -> Task:
    X = pd.DataFrame({"a": np.zeros(60)})
    return Task(job(SEARCH + end, X), 16 * N_SCORES)


def findings(answer: Answer) -> dict[str, float]:
    """Return what a seeker found of others, and check that it did look."""
    assert answer.reason == ""
    return dict(zip(FIELDS, np.frombuffer(answer.payload or b"", "<f8"), strict=False))


@pytest.fixture(scope="module")
def runner(warm_runner: Runner) -> Runner:
    return warm_runner


def seek(runner: Runner) -> dict[str, float]:
    return findings(runner.run([seeker()], BUDGET)[0])


NOTHING = dict.fromkeys(FIELDS, 0.0)


def test_the_search_finds_what_lies_in_its_own_process(runner: Runner) -> None:
    here = "KEPT = mark(5) * 2\nFOUND[0] = len(found())\nos.environ['LEFT'] = ''\n"
    assert findings(runner.run([seeker(here)], BUDGET)[0])["marks"] == 1


def test_nothing_of_a_worker_is_found_by_a_later_one(runner: Runner) -> None:
    for number in range(2):
        assert [answer.reason for answer in runner.run([planter(10 * number + i) for i in range(4)], BUDGET)] == [
            ""
        ] * 4
        assert seek(runner) == NOTHING


@pytest.mark.slow
@pytest.mark.parametrize(("n_rows", "n_workers"), [(300, 700), (3_000, 200), (30_000, 80), (100_000, 20)])
def test_nothing_is_found_over_a_thousand_workers_and_tables_of_any_size(
    runner: Runner, n_rows: int, n_workers: int
) -> None:
    for first in range(0, n_workers, 20):
        answers = runner.run([planter(first + i, n_rows) for i in range(20)], BUDGET)
        assert {answer.reason for answer in answers} == {""}
        assert seek(runner) == NOTHING


@pytest.mark.slow
def test_nothing_is_found_of_a_worker_that_runs_at_the_same_time(runner: Runner) -> None:
    wait = "\ndef build_pipeline():\n    plant()\n    import time; time.sleep(3)\n    return Model()\n"
    answers = runner.run([planter(1, end=wait), seeker(), planter(2, end=wait), seeker()], BUDGET)
    assert [findings(answer) for answer in answers[1::2]] == [NOTHING] * 2


@pytest.mark.slow
def test_nothing_is_found_of_a_worker_that_failed_or_was_killed(runner: Runner) -> None:
    ends = ["raise ValueError(mark(NUMBER))", "os._exit(3)", "os.kill(os.getpid(), 9)", "spoil_descriptors()"]
    for number, end in enumerate(ends):
        body = f"\ndef feature_fn(X):\n    plant()\n    {end}\n    return X\n".replace("NUMBER", str(number))
        runner.run([planter(number, end=body)], BUDGET)
        assert seek(runner) == NOTHING


@pytest.mark.slow
def test_nothing_is_found_of_other_kinds_of_tasks(runner: Runner) -> None:
    real = "\nfrom sklearn.linear_model import LogisticRegression\nbuild_pipeline = LogisticRegression\n"
    real += "def feature_fn(X):\n    plant()\n    return X * 0.0\n"
    made = planter(1, task="keep_model", end=real)
    whole = {**made.job, "sizes": ()}  # its blocks are in the job
    kept = runner.run([Task(whole, 1 << 20, is_exact=False)], BUDGET)[0]
    assert kept.reason == ""
    model = (kept.payload or b"")[HEADER.size + 16 * N_SCORES :]
    used = planter(2, task="use_model", end=real, model=model)
    features = planter(3, task="featurize", end=real)
    answers = runner.run([used, Task(features.job, 1 << 20, is_exact=False)], BUDGET)
    assert [answer.reason for answer in answers] == ["", ""]
    assert seek(runner) == NOTHING


@pytest.mark.slow
def test_the_launcher_keeps_nothing_of_any_task(runner: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of what does not change in the process that is forked, no later worker learns anything.

    What does change are counters of its own interpreter, addresses of free memory and the time of the last request:
    the same few bytes, however large the tasks are.
    """
    launcher = runner.slots[0].launcher  # type: ignore[attr-defined]
    fork, pids = launcher.fork, []
    monkeypatch.setattr(launcher, "fork", lambda: (lambda made: pids.append(made[0]) or made)(fork()))
    runner.run([planter(number) for number in range(4)], BUDGET)
    before = memory(runner)
    runner.run([planter(number, 30_000 * number + 300) for number in range(4)], BUDGET)
    after = memory(runner)
    assert before.keys() == after.keys()
    assert not any(b"MARKER:" in held for held in after.values())
    changes = [changed(before[place], after[place]) for place in before]
    assert sum(len(places) for places in changes) < 200  # words of 8 bytes
    held = [word(after[place], at) for place, words in zip(before, changes, strict=True) for at in words]
    assert len(pids) == 8
    assert not {half for value in held for half in (value & 0xFFFFFFFF, value >> 32)} & set(pids)


def memory(runner: Runner) -> dict[str, bytes]:
    """Return every writable range of the launcher's memory."""
    own = Path("/proc", str(runner.slots[0].launcher.process.pid))  # type: ignore[attr-defined]
    ranges = {}
    with (own / "mem").open("rb", buffering=0) as file:
        for line in (own / "maps").read_text().splitlines():
            span, rights, *_ = line.split()
            if rights.startswith("rw"):
                begin, end = (int(text, 16) for text in span.split("-"))
                file.seek(begin)
                ranges[line] = file.read(end - begin)
    return ranges


def changed(one: bytes, other: bytes) -> list[int]:
    """Return the places of the words that differ."""
    return [int(at) for at in np.flatnonzero(np.frombuffer(one, "<u8") != np.frombuffer(other, "<u8"))]


def word(held: bytes, place: int) -> int:
    return int.from_bytes(held[8 * place : 8 * place + 8], "little")


def test_the_launcher_has_no_child_no_status_and_no_open_end(runner: Runner) -> None:
    own = Path("/proc", str(runner.slots[0].launcher.process.pid))  # type: ignore[attr-defined]
    counts = []
    for _ in range(2):
        runner.run([planter(number) for number in range(4)], BUDGET)
        used_by_children = (own / "stat").read_text().rpartition(")")[2].split()[13:15]
        counts.append(
            (used_by_children, (own / "task" / own.name / "children").read_text(), len(list((own / "fd").iterdir())))
        )
    assert counts[0] == counts[1]
    assert counts[0][:2] == (["0", "0"], "")
