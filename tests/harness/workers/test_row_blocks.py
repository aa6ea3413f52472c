"""Rows to score arrive after the fit, and probe rows after the scores of the real rows are fixed."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from harness.workers.pool import Answer, Runner, Task, TaskBudget

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="fresh interpreters get all rows at once")

BUDGET = TaskBudget(cpu_s=20.0, wall_s=60.0, memory_mb=2048)
X = pd.DataFrame({"a": np.linspace(0, 1, 40), "b": np.tile([1.0, 2.0], 20)})
Y = (np.arange(40) >= 20).astype(np.int64)
VAL, PROBES = X + 1000.0, X + 2000.0
SEEN = """
import gc, os
import pandas as pd
from sklearn.linear_model import LogisticRegression

frames = lambda: [one for one in gc.get_objects() if isinstance(one, pd.DataFrame) and "a" in one.columns]
largest = lambda: max(one["a"].max() for one in frames())
"""


def run(runner: Runner, body: str, *, blocks: tuple[pd.DataFrame, ...] = (VAL, PROBES)) -> Answer:
    job = {
        "task": "score",
        "source": SEEN + body,
        "X": X,
        "y": Y,
        "blocks": list(blocks),
        "sizes": [8 * len(block) for block in blocks],
        "n_classes": 2,
        "seed": 1,
        "guarded": True,
    }
    return runner.run([Task(job, sum(job["sizes"]))], BUDGET)[0]


def test_no_row_to_score_is_in_the_process_while_the_file_fits(warm_runner: Runner) -> None:
    body = """
class Model(LogisticRegression):
    def fit(self, X, y):
        self.seen = largest()
        return super().fit(X, y)

    def predict_proba(self, X):
        assert self.seen <= 1.0 and largest() < 2000.0 or X["a"].max() > 2000.0, (self.seen, largest())
        return super().predict_proba(X)

feature_fn = lambda X: X
build_pipeline = Model
"""
    answer = run(warm_runner, body)
    assert answer.reason == ""
    assert len(answer.payload or b"") == 8 * 80


def test_scores_of_real_rows_stand_whatever_is_written_over_them_later(warm_runner: Runner) -> None:
    body = """
class Model(LogisticRegression):
    def predict_proba(self, X):
        if X["a"].max() > 2000.0:
            for fd in range(3, 64):
                try:
                    if os.fstat(fd).st_size == 1 + 8 * 40:
                        os.pwrite(fd, b"P" + bytes(8 * 40), 0)
                except OSError:
                    pass
        return super().predict_proba(X)

feature_fn = lambda X: X
build_pipeline = Model
"""
    honest = run(warm_runner, "feature_fn = lambda X: X\nbuild_pipeline = LogisticRegression\n")
    assert run(warm_runner, body).payload == honest.payload
    assert np.frombuffer(honest.payload or b"")[:40].all()


@pytest.mark.parametrize("n_asks", [1, 2, 9])
def test_who_asks_out_of_turn_is_ended(warm_runner: Runner, n_asks: int) -> None:
    body = f"""
def feature_fn(X):
    if X["a"].max() <= 1.0:
        for fd in range(3, 64):
            try:
                os.write(fd, b"?" * {n_asks})
            except OSError:
                pass
    return X

build_pipeline = LogisticRegression
"""
    answer = run(warm_runner, body)
    assert answer.payload is None
    assert answer.reason


SPOILS = {
    "the socket is closed": "os.close(line); time.sleep(300)",
    "nothing more is received": """
import ctypes
ctypes.CDLL(None).shutdown(line, 0)
os.write(line, b'?')
time.sleep(300)
""",
    "nothing more is sent": "import ctypes; ctypes.CDLL(None).shutdown(line, 1); time.sleep(300)",
    "the socket is full": """
os.set_blocking(line, False)
try:
    while True: os.write(line, b"?" * 1000)
except OSError:
    time.sleep(300)
""",
    "what is asked for is never read": "os.write(line, b'?'); os.write(line, b'?'); time.sleep(300)",
    "there is no place in the rows' files": """
for d in rows:
    print(d, os.lseek(d, 2**63 - 1, 0))
os.write(line, b'?')
time.sleep(300)
""",
}


@pytest.mark.parametrize("spoil", SPOILS.values(), ids=list(SPOILS))
def test_whatever_a_task_does_to_its_ends_it_alone_is_ended(warm_runner: Runner, folds_home: Path, spoil: str) -> None:
    indented = "\n".join("            " + line for line in spoil.strip().splitlines())
    body = f"""
import threading, time
links = {{d: os.path.realpath(f"/proc/self/fd/{{d}}").rpartition("/")[2] for d in range(3, 64)}}

class Model(LogisticRegression):
    def predict_proba(self, X):
        if X["a"].max() < 2000.0:
            line = next(d for d, link in links.items() if link.startswith("socket"))
            rows = [d for d, link in links.items() if "rows" in link]
            result = next(d for d, link in links.items() if "result" in link)
            os.write(result, bytes(8 * len(X)))
{indented}
        return super().predict_proba(X)

feature_fn = lambda X: X
build_pipeline = Model
"""
    begun = time.monotonic()
    answer = run(warm_runner, body)
    assert answer.payload is None
    assert "SIGKILL" in answer.reason, (answer.reason, answer.log)
    assert time.monotonic() - begun < 200
    assert list(folds_home.glob("*/fold_*")) == []
    assert run(warm_runner, "feature_fn = lambda X: X\nbuild_pipeline = LogisticRegression\n").payload


def test_rows_are_handed_on_where_the_system_refuses_sendfile(warm_runner: Runner, monkeypatch) -> None:
    def refuse(*_: object) -> int:
        raise PermissionError("sendfile")

    monkeypatch.setattr(os, "sendfile", refuse)
    assert run(warm_runner, "feature_fn = lambda X: X\nbuild_pipeline = LogisticRegression\n").payload


def test_scores_of_real_rows_stand_where_writing_can_only_append(warm_runner: Runner) -> None:
    body = """
import fcntl

class Model(LogisticRegression):
    def predict_proba(self, X):
        if X["a"].max() > 2000.0:
            fd = next(d for d in range(3, 64) if "result" in os.path.realpath(f"/proc/self/fd/{d}"))
            fcntl.fcntl(fd, fcntl.F_SETFL, os.O_APPEND)
            os.ftruncate(fd, 0)
            os.write(fd, b"P" + bytes(8 * 40 - 1))
            os._exit(0)
        return super().predict_proba(X)

feature_fn = lambda X: X
build_pipeline = Model
"""
    honest = run(warm_runner, "feature_fn = lambda X: X\nbuild_pipeline = LogisticRegression\n")
    payload = run(warm_runner, body).payload
    assert payload is None or payload[: 8 * 40] == (honest.payload or b"")[: 8 * 40]


@pytest.mark.parametrize("value", ["nan", "inf", "-inf"])
def test_scores_that_are_not_finite_are_no_answer_whoever_wrote_them(warm_runner: Runner, value: str) -> None:
    body = f"""
class Model(LogisticRegression):
    def predict_proba(self, X):
        if X["a"].max() > 2000.0:
            fd = next(d for d in range(3, 64) if "result" in os.path.realpath(f"/proc/self/fd/{{d}}"))
            os.write(fd, pd.Series([float("{value}")] * 40).to_numpy().tobytes())
            os._exit(0)
        return super().predict_proba(X)

feature_fn = lambda X: X
build_pipeline = Model
"""
    answer = run(warm_runner, body)
    assert answer.payload is None
    assert answer.reason == "ValueError: the scores must be finite, not NaN or infinity"
