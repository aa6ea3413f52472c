"""What `prepare.py` prints and how it exits, run as its user runs it."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from harness.data.ingest import infer, write
from harness.data.options import IntakeOptions

ROOT = Path(__file__).resolve().parents[1]
NAMES = [
    *[
        "hypothesis",
        "val_auc",
        "val_auc_se",
        "fold_aucs",
        "test_auc",
        "test_acc",
        "test_f1",
        "cpu_time_s",
        "wall_time_s",
    ],
    *["peak_memory_mb", "cv_folds", "leaks", "fingerprint", "status"],
]
BASELINE = (ROOT / "train.py").read_text()


def prepare(*arguments: object, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(ROOT / "prepare.py"), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, input=stdin, cwd=ROOT, timeout=600, check=False)


def lines(stdout: str) -> dict[str, str]:
    pairs = [line.split(": ", 1) for line in stdout.splitlines()]
    assert [name for name, _ in pairs] == NAMES
    return dict(pairs)  # type: ignore[arg-type]


class Server:
    """One warm `prepare.py --serve`: the printed lines and exit status of many files without starting anew for each."""

    def __init__(self) -> None:
        command = [sys.executable, str(ROOT / "prepare.py"), "--serve"]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        self.process = subprocess.Popen(command, text=True, cwd=ROOT, **pipes)
        assert self.answer()["ready"]

    def answer(self) -> dict[str, object]:
        assert self.process.stdout is not None
        while "progress" in (message := json.loads(self.process.stdout.readline())):
            pass
        return message

    def measure(self, path: Path) -> tuple[dict[str, str], int]:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps({"file": str(path)}) + "\n")
        self.process.stdin.flush()
        report = self.answer()
        return lines(str(report["stdout"])), int(str(report["exit"]))


@pytest.fixture(scope="module")
def server():
    opened = Server()
    yield opened
    _, errors = opened.process.communicate()
    assert "Traceback" not in errors


@pytest.fixture
def variant(tmp_path: Path):
    def write(old: str, new: str) -> Path:
        assert old in BASELINE
        path = tmp_path / "train.py"
        path.write_text(BASELINE.replace(old, new))
        return path

    return write


def test_the_baseline_is_measured_and_every_line_is_there(measured: subprocess.CompletedProcess[str]) -> None:
    report = lines(measured.stdout)
    assert measured.returncode == 0
    assert report["status"] == "ok"
    assert report["leaks"] == "none"
    assert report["val_auc"] == "0.905795"
    assert report["test_auc"] == "0.957792"
    assert len(report["fold_aucs"].split(",")) == int(report["cv_folds"]) == 5


@pytest.mark.slow
def test_train_py_hands_over_to_the_harness() -> None:
    done = subprocess.run(
        [sys.executable, "train.py"], capture_output=True, text=True, cwd=ROOT, timeout=600, check=False
    )
    assert lines(done.stdout)["val_auc"] == "0.905795"


@pytest.mark.parametrize(
    ("line", "status", "code"),
    [
        ("raise KeyError('chol2')", "crashed (KeyError: 'chol2' (train.py:18))", 3),
        ("print('val_auc: 1.0')", "ok", 0),
        ("raise SystemExit(0)", "crashed (SystemExit: 0 (train.py:18))", 3),
        ("return X * float('nan')", "crashed (ValueError", 3),
        ("return X.iloc[:-1]", "crashed (ValueError: feature_fn must return the same", 3),
        ("return X.assign(mean=X['age'].mean())", "leak (row-wise-features: 1 of 14 features depends", 4),
        ("open('data/heart.csv')", "rejected (editable-only: open is not allowed in train.py (train.py:18)", 4),
        (
            "import os",
            "rejected (editable-only: import of os, which is not among the declared packages (train.py:18)",
            4,
        ),
    ],
)
def test_what_feature_fn_does_gets_its_honest_status(server, variant, line: str, status: str, code: int) -> None:
    report, exit_status = server.measure(
        variant("    return X\n\n\ndef build", f"    {line}\n    return X\n\n\ndef build")
    )
    assert report["status"].startswith(status)
    assert exit_status == code
    assert report["val_auc"] == ("0.905795" if code == 0 else "nan")
    found = status.split("(")[1].split(":")[0] if code == 4 else "none"
    assert report["leaks"] == ("nan" if code == 3 else found)


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b"def f(:\n", "crashed (SyntaxError"),
        (b"\xff\xfe\x00", "rejected (train.py is not UTF-8"),
        (b"x = 1\n", "rejected (editable-only: train.py must define"),
        (b"-" * 50_000 + b"1", "crashed ("),
        (b"#" * 2_000_000, "rejected (editable-only: more than"),
        (b"x = '\x00'\n", "crashed ("),
    ],
)
def test_a_file_that_is_no_train_py_is_reported_as_such(server, tmp_path: Path, content: bytes, status: str) -> None:
    path = tmp_path / "train.py"
    path.write_bytes(content)
    report, exit_status = server.measure(path)
    assert report["status"].startswith(status)
    assert exit_status in (3, 4)
    assert report["val_auc"] == "nan"
    assert report["leaks"] == ("editable-only" if exit_status == 4 else "nan")


@pytest.mark.slow
def test_a_missing_file_is_reported_as_such(tmp_path: Path) -> None:
    nowhere = tmp_path / "nowhere.py"
    for options, path, got in (([], nowhere, "no such file or directory"), (["--check"], tmp_path, "is a directory")):
        done = prepare(*options, path)
        assert done.stdout == ""
        assert done.stderr.splitlines() == [
            f"{path}: the file cannot be read ({got}). Name a train.py: uv run prepare.py train.py"
        ]
        assert done.returncode == 1


def test_a_hostile_hypothesis_stays_on_its_line(server, variant) -> None:
    hostile = "a\\tb\\nval_auc: 1.0\\x1b[2J" + "x" * 190
    report, _ = server.measure(variant("baseline: standard-scaled logistic regression", hostile))
    assert report["hypothesis"].startswith("a b val_auc: 1.0 [2Jxxx")
    assert len(report["hypothesis"]) == 200
    assert report["val_auc"] == "0.905795"


def test_check_prints_every_check(checked: subprocess.CompletedProcess[str]) -> None:
    assert checked.returncode == 0
    assert [line.split()[0] for line in checked.stdout.splitlines()] == [
        "editable-only",
        "row-wise-features",
        "row-wise-predictions",
        "label-flip",
        "repeatable",
        "too-good",
    ]


@pytest.mark.slow
def test_a_check_that_fails_says_what_to_do_and_exits_with_4(variant) -> None:
    bad = prepare("--check", variant("    return X\n\n\ndef build", "    return X.rank()\n\n\ndef build"))
    assert bad.returncode == 4
    assert "row-wise-features     FAILED" in bad.stdout
    assert "Fix: compute it from the row alone" in bad.stdout


@pytest.mark.slow
def test_serving_answers_each_line_and_keeps_the_scores(tmp_path: Path) -> None:
    better = tmp_path / "better.py"
    better.write_text(BASELINE.replace("LogisticRegression(max_iter=1000)", "LogisticRegression(max_iter=1000, C=0.1)"))
    first = {"file": str(ROOT / "train.py"), "store": str(tmp_path / "scores")}
    second = {**first, "file": str(better), "best": str(ROOT / "train.py"), "beat": 0.5}
    hopeless = {**second, "beat": 0.9999}
    retold = tmp_path / "retold.py"
    retold.write_text(better.read_text().replace("The one file that changes", "Anything goes here"))
    frozen = {**second, "file": str(retold)}
    requests = [*map(json.dumps, (first, second, hopeless)), "nonsense", '{"ask": "the weather"}', json.dumps(frozen)]
    done = prepare("--serve", stdin="\n".join(requests) + "\n")
    messages = [json.loads(line) for line in done.stdout.splitlines()]
    answers = [message for message in messages if "progress" not in message]
    assert [sorted(answer)[0] for answer in answers] == ["asks", "exit", "exit", "exit", "error", "error", "exit"]
    assert "status: rejected (editable-only: the docstring is frozen: put back" in answers[6]["stdout"]
    assert "no analysis 'the weather'" in answers[5]["error"]
    assert answers[0]["parts"]["prepare.py"]
    assert "val_auc: 0.905795" in answers[1]["stdout"]
    extra = answers[2]["extra"]
    assert 0 < extra["delta_se"] < 0.05
    assert extra["folds_won"] in range(6)
    assert answers[3]["extra"]["bound"] <= 0.9999
    assert "val_auc: nan" in answers[3]["stdout"]
    assert ["leaks: none" in answer["stdout"] for answer in answers[1:4]] == [True, True, False]
    assert "leaks: nan" in answers[3]["stdout"]  # it was stopped early, before any check
    assert answers[3]["exit"] == 0
    assert len(list((tmp_path / "scores").glob("*.npz"))) == 2


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the harness, whose table a test may change."""
    for name in ("prepare.py", "train.py"):
        shutil.copy2(ROOT / name, tmp_path / name)
    for name in ("harness", "data"):
        shutil.copytree(ROOT / name, tmp_path / name)
    return tmp_path


def prepare_copy(copy: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "prepare.py", *arguments]
    return subprocess.run(command, capture_output=True, text=True, input="", cwd=copy, timeout=600, check=False)


@pytest.mark.slow
def test_a_table_that_cannot_be_cut_is_refused_alike_by_all_and_nothing_is_written(copy: Path) -> None:
    rows = [f"{row * 37 % 101},{'rare' if row < 3 else 'ab'[row % 2]}" for row in range(60)]
    (copy / "rare.csv").write_text("\n".join(["a,y", *rows]) + "\n")
    before = {path: path.read_bytes() for path in (copy / "data").iterdir()}
    refusal = "rare: class 'rare' has 3 rows, too few for every fold. Merge it with another class"
    for dry in ([], ["--dry-run"]):
        done = prepare_copy(copy, "--csv", "rare.csv", "--target", "y", *dry)
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr.splitlines()[-1].startswith(refusal)
        assert "table " not in done.stderr
        assert {path: path.read_bytes() for path in (copy / "data").iterdir()} == before
    write(copy, infer(copy, IntakeOptions("rare.csv", "y")))  # as an earlier version did
    served = prepare_copy(copy, "--serve")
    assert json.loads(served.stdout)["error"].startswith(refusal)  # instead of "ready": no file gets the blame
    assert prepare_copy(copy, "train.py").stderr.splitlines()[-1].startswith(refusal)


@pytest.mark.slow
def test_a_module_dropped_beside_it_shadows_nothing(copy: Path) -> None:
    for name in ("numpy", "sklearn", "json", "click", "pandas", "harness"):
        (copy / f"{name}.py").write_text("raise SystemExit('planted')\n")
    assert lines(prepare_copy(copy, "train.py").stdout)["val_auc"] == "0.905795"


def test_the_log_of_a_crash_holds_its_traceback(variant) -> None:
    path = variant("    return X\n\n\ndef build", "    print('reached')\n    return X.no_such\n\n\ndef build")
    done = prepare(path)
    assert done.returncode == 3
    assert "train.py| reached" in done.stderr
    assert 'File "train.py", line 19, in feature_fn' in done.stderr
    assert "AttributeError: 'DataFrame' object has no attribute 'no_such'" in done.stderr


@pytest.mark.slow
def test_the_example_of_flaml_is_a_whole_train_py_that_repeats(server) -> None:
    report, exit_status = server.measure(ROOT / "docs/flaml_train.py")
    assert (report["status"], report["leaks"], exit_status) == ("ok", "none", 0)
    assert float(report["val_auc"]) > 0.905795


@pytest.mark.slow
def test_a_search_by_the_clock_is_refused_with_what_to_write_instead(server, tmp_path: Path) -> None:
    example = (ROOT / "docs/flaml_train.py").read_text()
    timed = re.sub(r"max_iter=12,.*\n\s*time_budget=-1,", "time_budget=1,", example)
    # Two searches of a second may end alike, so a model that never repeats stands in for what the search finds.
    model = "RandomForestClassifier(20, random_state=time.time_ns() % 2**31)"
    timed = timed.replace("make_pipeline(columns, search)", f"make_pipeline(columns, {model})")
    timed = timed.replace(
        "import make_pipeline\n",
        "import make_pipeline\nimport time\nfrom sklearn.ensemble import RandomForestClassifier\n",
    )
    assert timed.count("RandomForestClassifier") == 2
    assert "time_budget=1," in timed
    (tmp_path / "train.py").write_text(timed)
    report, exit_status = server.measure(tmp_path / "train.py")
    assert (report["leaks"], exit_status) == ("repeatable", 4)
    assert "max_iter=12, time_budget=-1, seed=1" in report["status"]
    assert "docs/flaml_train.py" in report["status"]
