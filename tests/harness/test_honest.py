"""Measure every file of tests/honest: nothing is held against it, and its number is that of plain scikit-learn."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from templates import ROOT, heart

from harness.checks import CHECKS
from harness.checks.editable_only import first_violation
from harness.evaluate import FoldWorkers, Status, read_source
from harness.workers.launcher import environment
from harness.workers.pool import Runner, TaskBudget
from prepare import evaluate
from tests.payloads import payload_files, whole_text

HONEST = payload_files(ROOT / "tests/honest")
BUDGET = TaskBudget(cpu_s=60.0, wall_s=180.0, memory_mb=2048)
# An own class that leads every plain model, text, a decision function; the others are run with the slow tests.
QUICK = {"custom_classifier", "ridge_decision_only", "sparse_text"}
# The page computes val_auc of train.py. Its function runs here on every file, in a process with one thread.
PAGE = (ROOT / "docs/val_auc.md").read_text("utf-8")
PLAIN = re.findall(r"^```python\n(.*?)^if __name__", PAGE, re.M | re.S)[0].replace("data/", f"{ROOT}/data/")
PLAIN += """
import json, sys, types, warnings

warnings.simplefilter("ignore")


def rounded(text):
    module = sys.modules["train"] = types.ModuleType("train")
    exec(compile(text, "train.py", "exec"), module.__dict__)
    return round(float(val_auc(module)), 6)


print("\\n" + json.dumps({name: rounded(text) for name, text in json.load(sys.stdin).items()}))
"""


@pytest.fixture(scope="module")
def bench(warm_runner: Runner) -> FoldWorkers:
    return FoldWorkers(heart(), warm_runner, BUDGET)


@pytest.fixture(scope="module")
def plain(request: pytest.FixtureRequest) -> dict[str, float]:
    """Return the val_auc that plain scikit-learn computes for the files that this run asks for."""
    wanted = {item.callspec.params["path"] for item in request.session.items if "plain" in item.fixturenames}  # type: ignore[attr-defined]
    files = json.dumps({path.stem: whole_text(path) for path in sorted(wanted)})
    command = [sys.executable, "-c", PLAIN]
    done = subprocess.run(command, input=files, env=environment(), capture_output=True, text=True, check=True, cwd="/")
    report: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return report


def parameters() -> list[object]:
    return [pytest.param(path, id=path.stem, marks=[] if path.stem in QUICK else [pytest.mark.slow]) for path in HONEST]


@pytest.mark.parametrize("path", parameters())
def test_an_honest_file_is_accused_of_nothing_and_scored_as_scikit_learn_scores_it(
    path: Path, bench: FoldWorkers, plain: dict[str, float]
) -> None:
    measured = evaluate(read_source(whole_text(path).encode()), bench)
    assert measured.status is Status.OK, measured.reason
    assert measured.leaks == []
    assert [name for name, _ in measured.findings] == [check.NAME for check in CHECKS]
    assert measured.val_auc == plain[path.stem]


@pytest.mark.parametrize(
    "path",
    [pytest.param(path, id=path.stem, marks=pytest.mark.slow if n % 3 else []) for n, path in enumerate(HONEST)],
)
def test_an_honest_file_passes_the_static_check(path: Path) -> None:
    assert first_violation(whole_text(path)) == ""


def test_there_are_files_enough() -> None:
    assert len(HONEST) >= 40
    assert QUICK.issubset(path.stem for path in HONEST)
