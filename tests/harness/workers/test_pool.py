"""Run real tasks in real locked-down processes: what comes back, what is cut, what is left behind."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np
import pandas as pd
import psutil
import pytest

from harness.output import one_line
from harness.workers.pool import Answer, Runner, Task, TaskBudget

BUDGET = TaskBudget(cpu_s=20.0, wall_s=300.0, memory_mb=2048)
X = pd.DataFrame({"a": np.linspace(0, 1, 40), "b": np.tile([1.0, 2.0], 20)})
Y = (np.arange(40) >= 20).astype(np.int64)


@pytest.fixture(scope="module")
def runner(warm_runner: Runner) -> Runner:
    return warm_runner


def task(body: str, *, n: int = 40) -> Task:
    """A train.py whose feature_fn does `body` before it returns X."""
    indented = "\n".join("    " + line for line in body.splitlines()) or "    pass"
    source = (
        "from sklearn.linear_model import LogisticRegression\n"
        f"def feature_fn(X):\n{indented}\n    return X\n"
        "def build_pipeline():\n    return LogisticRegression()\n"
    )
    job = {
        "task": "score",
        "source": source,
        "X": X,
        "y": Y,
        "blocks": [X],
        "n_classes": 2,
        "seed": 1,
        "guarded": True,
    }
    return Task(job, 8 * n)


def run(runner: Runner, body: str, budget: TaskBudget = BUDGET) -> Answer:
    return runner.run([task(body)], budget)[0]


def test_scores_come_back_as_the_bytes_of_floats(runner: Runner) -> None:
    answer = run(runner, "")
    assert answer.reason == ""
    scores = np.frombuffer(answer.payload or b"")
    assert scores.shape == (40,)
    assert scores[:20].max() < scores[20:].min()
    assert answer.cpu_s > 0
    assert answer.peak_memory_mb > 10


def test_an_exception_is_one_line_with_the_line_of_train_py(runner: Runner) -> None:
    assert run(runner, "raise ValueError('no\\nway')").reason == "ValueError: no way (train.py:3)"


def test_leaving_early_is_no_answer(runner: Runner) -> None:
    assert "SystemExit: 0" in run(runner, "raise SystemExit(0)").reason
    assert "exit status 0" in run(runner, "import os; os._exit(0)").reason


def test_a_signal_is_named(runner: Runner) -> None:
    assert "SIGABRT" in run(runner, "import os; os.abort()").reason


def test_prints_reach_the_log_alone(runner: Runner, capfd: pytest.CaptureFixture[str]) -> None:
    answer = run(runner, "import os\nprint('val_auc: 1.0')\nos.write(1, b'raw')\nos.write(2, b'err')")
    assert answer.payload is not None
    assert "val_auc: 1.0" in answer.log
    assert capfd.readouterr() == ("", "")


def test_cpu_is_cut_soon_after_the_budget(runner: Runner) -> None:
    answer = run(runner, "while True: pass", TaskBudget(cpu_s=1.0, wall_s=300.0, memory_mb=2048))
    assert answer.is_timeout
    assert "CPU budget of 1 s" in answer.reason
    assert 1.0 <= answer.cpu_s < 5.0  # 1.2 where the cores are free


def test_cpu_is_cut_in_native_code_that_blocks_every_signal(runner: Runner) -> None:
    body = (
        "import signal, numpy as np\n"
        "signal.pthread_sigmask(signal.SIG_BLOCK, set(signal.Signals) - {9, 19})\n"
        "a = np.random.rand(4000, 4000)\nwhile True: a = a @ a"
    )
    answer = run(runner, body, TaskBudget(cpu_s=1.0, wall_s=300.0, memory_mb=2048))
    assert answer.is_timeout
    assert answer.cpu_s < 5.0


def test_the_budget_is_that_of_all_tasks_together(runner: Runner) -> None:
    spin = task("import time\nend = time.process_time() + 0.4\nwhile time.process_time() < end: pass")
    answers = runner.run([spin] * 6, TaskBudget(cpu_s=1.0, wall_s=300.0, memory_mb=2048))
    assert sum(answer.cpu_s for answer in answers) < 2.0
    assert [answer.payload is not None for answer in answers].count(True) <= 3
    assert any(answer.is_timeout for answer in answers)


def test_sleeping_is_cut_by_the_wall_clock(runner: Runner) -> None:
    begun = time.monotonic()
    answer = run(runner, "import time; time.sleep(600)", TaskBudget(cpu_s=20.0, wall_s=1.0, memory_mb=2048))
    assert answer.is_timeout
    assert "wall-clock limit of 1 s" in answer.reason
    assert time.monotonic() - begun < 300


def test_memory_is_cut(runner: Runner) -> None:
    answer = run(
        runner, "kept = [bytearray(10 << 20) for _ in range(200)]", TaskBudget(cpu_s=20.0, wall_s=300.0, memory_mb=500)
    )
    assert answer.payload is None
    assert "memory" in answer.reason.lower()


def test_a_flood_of_prints_is_cut(runner: Runner) -> None:
    answer = run(runner, "while True: print('x' * 100_000, flush=True)")
    assert "printed more than 1 MB" in answer.reason


def test_a_disk_flood_is_stopped(runner: Runner) -> None:
    body = "with open('big', 'wb') as f:\n    while True: f.write(bytes(1 << 20))"
    answer = run(runner, body, TaskBudget(cpu_s=20.0, wall_s=300.0, memory_mb=2048, disk_mb=16))
    assert answer.payload is None


def test_an_answer_of_the_wrong_length_is_not_believed(runner: Runner) -> None:
    forge = "try: os.write(fd, b'P' + bytes(8 * 4000))\n    except OSError: pass"
    body = f"import os\nfor fd in range(3, 20):\n    {forge}\nos._exit(0)"
    assert run(runner, body).payload is None


def test_nothing_survives_a_fold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    before = {child.pid for child in psutil.Process().children()}
    with Runner(2) as runner:
        for body in (
            "import os; os.fork()",
            "import threading, time; threading.Thread(target=time.sleep, args=[60]).start()",
            "open('left', 'w').write('x')",
        ):
            run(runner, body)
        assert list(tmp_path.glob("*/fold_*")) == []
        launcher = runner.slots[0].launcher.process.pid  # type: ignore[attr-defined]
        assert {child.pid for child in psutil.Process().children()} - before == {launcher}
        assert psutil.Process(launcher).children() == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(sys.platform != "linux", reason="there is a launcher where there is a safe fork")
@pytest.mark.slow
def test_a_launcher_that_ends_leaves_its_worker_alone_and_is_started_anew() -> None:
    with Runner(1) as runner:
        run(runner, "")
        first = runner.slots[0].launcher  # type: ignore[attr-defined]
        ended, home = first.process, first.home
        threading.Timer(0.3, ended.kill).start()
        assert run(runner, "import time; time.sleep(1)").reason == ""
        ended.wait()
        assert run(runner, "").reason == ""
        assert first.process.pid != ended.pid
        assert not Path(home).exists()


@pytest.mark.skipif(sys.platform != "linux", reason="there is a launcher where there is a safe fork")
def test_a_worker_that_is_killed_from_outside_is_no_answer(runner: Runner) -> None:
    run(runner, "")
    others = {child.pid for child in psutil.Process().children()}
    home = Path(runner.slots[0].launcher.home)  # type: ignore[attr-defined]

    def end() -> None:
        wait_for(lambda: list(home.glob("fold_*")))
        for child in psutil.Process().children():
            if child.pid not in others:
                child.kill()

    threading.Thread(target=end).start()
    reason = run(runner, "import time; time.sleep(600)").reason
    assert reason.startswith("machine: a worker was killed from outside")
    assert run(runner, "").reason == ""


def test_state_does_not_reach_the_next_fold(runner: Runner) -> None:
    leave = "import sklearn, os\nsklearn.left = 1\nos.environ['LEFT'] = '1'\nopen('left', 'w').write('x')"
    look = (
        "import sklearn, os\nassert not hasattr(sklearn, 'left') and 'LEFT' not in os.environ and not os.listdir('.')"
    )
    answers = runner.run([task(leave), task(leave), task(look), task(look)], BUDGET)
    assert [answer.reason for answer in answers] == ["", "", "", ""]


def test_the_fold_sees_no_index_and_no_environment_of_the_user(runner: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_TOKEN", "x")
    with Runner(1) as fresh:
        assert (
            run(
                fresh, "import os\nassert 'SECRET_TOKEN' not in os.environ and os.environ['HOME'] == os.getcwd()"
            ).reason
            == ""
        )


@pytest.mark.slow
def test_killing_the_harness_leaves_no_process_and_no_folder(tmp_path: Path) -> None:
    script, temporary = tmp_path / "harness_to_kill.py", tmp_path / "tmp"
    temporary.mkdir()
    script.write_text(
        "import sys\n"
        f"sys.path[:0] = [{str(Path(__file__).resolve().parents[3])!r}, {str(Path(__file__).parent)!r}]\n"
        "from tests.harness.workers.test_pool import BUDGET, task\n"
        "from harness.workers.pool import Runner\n"
        "runner = Runner(2)\nrunner.run([task('')], BUDGET)\nprint(runner.slots[0].launcher.process.pid, flush=True)\n"
        "runner.run([task('import time; time.sleep(600)')] * 2, BUDGET)\n"
    )
    command, environment = [sys.executable, str(script)], os.environ | {"TMPDIR": str(temporary)}
    harness = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
    assert harness.stdout is not None
    launcher = psutil.Process(int(harness.stdout.readline()))
    parent = psutil.Process(harness.pid)
    wait_for(lambda: len(parent.children()) == 3)  # the launcher and two workers
    family = parent.children()
    assert launcher in family
    wait_for(lambda: len(list(temporary.glob("*/fold_*"))) == 2)
    harness.kill()
    harness.wait()
    wait_for(lambda: not any(process.is_running() and process.status() != "zombie" for process in family))
    wait_for(lambda: list(temporary.iterdir()) == [])


def wait_for(claim: object, timeout_s: float = 120.0) -> None:
    end = time.monotonic() + timeout_s
    while not claim():  # type: ignore[operator]
        assert time.monotonic() < end, "it did not come true in time"
        time.sleep(0.05)


def test_one_line_takes_control_characters_out() -> None:
    assert one_line("a\tb\x1b[31mc\n\nd") == "a b [31mc d"
    assert len(one_line("x" * 1000)) == 300
    assert os.linesep not in one_line("a\r\nb")


@pytest.mark.slow
def test_the_worker_uses_the_harness_that_it_stands_in(tmp_path: Path) -> None:
    shutil.copytree(Path(__file__).resolve().parents[3] / "harness", tmp_path / "harness")
    (tmp_path / "harness" / "workers" / "warmup.py").write_text(
        "def warm_up():\n    raise SystemExit('this very copy')\n"
    )
    (tmp_path / "json.py").write_text("raise SystemExit('planted')\n")
    ours, theirs = socket.socketpair()
    command = [
        sys.executable,
        "-sPB",
        str(tmp_path / "harness" / "workers" / "worker.py"),
        "launch",
        str(theirs.fileno()),
        str(tmp_path / "home"),
    ]
    done = subprocess.run(command, pass_fds=[theirs.fileno()], capture_output=True, text=True, timeout=300, check=False)
    ours.close()
    theirs.close()
    assert done.stderr.strip() == "this very copy"


def test_a_pause_of_the_harness_is_no_timeout(runner: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a process sees that was stopped twice for an hour."""
    run(runner, "")
    monotonic, begun = time.monotonic, time.monotonic()
    monkeypatch.setattr(
        "harness.workers.pool.time.monotonic",
        lambda: monotonic() + 3600 * sum(monotonic() - begun > after_s for after_s in (0.3, 0.6)),
    )
    assert run(runner, "import time; time.sleep(1)").reason == ""
