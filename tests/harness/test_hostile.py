"""Measure every file of tests/hostile, as it is and past the static check: it is caught, or it gains nothing."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
from templates import HOSTILE, ROOT, heart, render

from harness.checks import CHECKS, editable_only
from harness.evaluate import FoldWorkers, Result, Status, TrainFile, read_source
from harness.workers.launcher import MACHINE
from harness.workers.pool import Runner, TaskBudget
from prepare import evaluate
from tests.payloads import whole_text

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="what holds elsewhere is said by the probe")

SMALL = TaskBudget(cpu_s=1.5, wall_s=20.0, memory_mb=512)
AMPLE = TaskBudget(cpu_s=10.0, wall_s=120.0, memory_mb=512)  # what is to be stopped by memory must not run out of time
SPINS = {"budget evasion", "early exit"}
CLASSES = {
    "budget evasion",
    "checks that detect that they are being checked",
    "early exit",
    "floods",
    "forged output",
    "frames and garbage collector",
    "hostile HYPOTHESIS",
    "labels in the source",
    "lottery",
    "odd files",
    "overridden behaviour",
    "past the static check",
    "patched libraries",
    "reading the table",
    "state from fold to fold",
    "transductive features",
    "transductive predictions",
    "use of prepare's names",
    "writes to the repo",
}
QUICK = {  # one of each class that the static check lets through; the others are run with the slow tests
    *("batch_rank", "dodge_self_getattr", "exit_system", "forged_prints", "hypothesis_escapes"),
    *("labels_hashed", "lottery_seed", "odd_nan", "patched_metrics", "carry_global"),
}
MARKS = re.compile("planted|known|flood|sitecustomize|json.py|sklearn.py")


@dataclass(frozen=True, slots=True)
class Expected:
    """One outcome: rejected, crashed, timeout, leak NAME, harmless baseline, harmless VALUE, harmless up to VALUE."""

    word: str
    detail: str

    def describes(self, measured: Result, baseline: float) -> bool:
        if self.word == "leak":
            return measured.status is Status.LEAK and (not self.detail or measured.leaks == [self.detail])
        if self.word != "harmless":
            return measured.status == self.word and measured.val_auc is None
        value = measured.val_auc
        if value is None or not self.detail.startswith("up to "):
            return value == (baseline if self.detail == "baseline" else float(self.detail))
        return value <= float(self.detail.removeprefix("up to "))


@dataclass(frozen=True, slots=True)
class Attack:
    """What a file says of itself: its class, and what happens to it as it is and past the static check."""

    path: Path
    family: str
    as_is: Expected
    past_the_static_check: Expected

    @property
    def budget(self) -> TaskBudget:
        return SMALL if self.family in SPINS else AMPLE


def read_attack(path: Path) -> Attack:
    lines = dict(re.findall(r"^(?:\"\"\")?(class|does|expect): (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE))
    outcomes = [Expected(*text.strip().partition(" ")[::2]) for text in lines["expect"].split("|")]
    assert lines["does"]
    return Attack(path, lines["class"], outcomes[0], outcomes[-1])


ATTACKS = [read_attack(path) for path in HOSTILE]


REFUSED = [attack.path.stem for attack in ATTACKS if attack.as_is.word == "rejected"][::3]


def is_slow(attack: Attack) -> bool:
    """Whether a file is run with the slow tests: all but QUICK and every third of those that the static check ends."""
    return attack.path.stem not in QUICK.union(REFUSED)


def parameters(attacks: list[Attack], *, all_slow: bool = False) -> list[object]:
    return [
        pytest.param(attack, id=attack.path.stem, marks=[pytest.mark.slow] if all_slow or is_slow(attack) else [])
        for attack in attacks
    ]


def left_behind(folds_home: Path) -> set[str]:
    """Return what an attack may have left: folders of folds, planted files, shared memory."""
    folders = [
        ROOT,
        ROOT / ".git",
        ROOT / ".git/hooks",
        ROOT / "data",
        ROOT / "harness",
        Path("/dev/shm"),
        Path("/tmp"),
    ]
    found = {str(path) for folder in folders if folder.is_dir() for path in folder.iterdir() if MARKS.search(path.name)}
    return found | {str(path) for path in folds_home.iterdir()}


@pytest.fixture
def no_traces(warm_runner: Runner, folds_home: Path) -> Iterator[None]:
    """Compare processes and files before and after."""
    warm_runner.warm_up()
    before, files = {child.pid for child in psutil.Process().children(recursive=True)}, left_behind(folds_home)
    yield
    assert {child.pid for child in psutil.Process().children(recursive=True)} == before
    assert left_behind(folds_home) <= files


@pytest.fixture(scope="module")
def baseline(warm_runner: Runner) -> float:
    """The honest score that every harmless attack ends up with: that of train.py."""
    measured = evaluate(read_source((ROOT / "train.py").read_bytes()), FoldWorkers(heart(), warm_runner, AMPLE))
    assert measured.val_auc is not None
    return measured.val_auc


def measure(attack: Attack, runner: Runner, source: TrainFile, expected: Expected) -> Result:
    refits = expected.word == "leak" or attack.path.stem.startswith("labels")
    return evaluate(source, FoldWorkers(heart(), runner, attack.budget), refits=refits)


@pytest.mark.parametrize("attack", parameters(ATTACKS))
@pytest.mark.usefixtures("no_traces")
def test_an_attack_ends_as_it_should(attack: Attack, warm_runner: Runner, baseline: float) -> None:
    source = read_source(render(whole_text(attack.path), heart()).encode())
    measured = measure(attack, warm_runner, source, attack.as_is)
    assert attack.as_is.describes(measured, baseline), (measured.status, measured.reason, measured.val_auc)
    assert "\n" not in measured.reason
    assert not measured.reason.startswith(MACHINE)  # then the same code would be tried again
    assert measured.source.hypothesis is None or measured.source.hypothesis.isprintable()


@pytest.mark.parametrize(
    "attack", parameters([attack for attack in ATTACKS if attack.as_is.word == "rejected"], all_slow=True)
)
@pytest.mark.usefixtures("no_traces")
def test_an_attack_ends_as_it_should_past_the_static_check(
    attack: Attack, warm_runner: Runner, baseline: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("harness.evaluate.CHECKS", tuple(check for check in CHECKS if check is not editable_only))
    source = TrainFile(render(whole_text(attack.path), heart()))
    expected = attack.past_the_static_check
    measured = measure(attack, warm_runner, source, expected)
    assert expected.describes(measured, baseline), (measured.status, measured.reason, measured.val_auc, measured.log)
    assert not measured.reason.startswith(MACHINE)


def test_there_are_files_of_every_class() -> None:
    assert {attack.family for attack in ATTACKS} == CLASSES
    assert len(ATTACKS) >= 60
    assert QUICK.issubset(attack.path.stem for attack in ATTACKS)


def test_what_is_rejected_says_what_lies_behind_the_static_check() -> None:
    silent = [attack.path.stem for attack in ATTACKS if attack.past_the_static_check.word == "rejected"]
    assert silent == ["hypothesis_long"] or silent == []


@pytest.mark.slow
def test_inverted_labels_are_asked_of_a_clear_lead_alone(warm_runner: Runner) -> None:
    bench, report = FoldWorkers(heart(), warm_runner, AMPLE), {}
    for path in (ROOT / "train.py", ROOT / "tests/hostile/labels_hashed.py"):
        measured = evaluate(TrainFile(render(whole_text(path), heart())), bench, refits=True)
        report[path.stem] = dict(measured.findings)["label-flip"]
    assert report["train"].passed
    assert " is not above every plain model; " in report["train"].evidence
    assert ". Not detectable on this table are gains up to about +" in report["train"].evidence
    assert not report["labels_hashed"].passed
    assert "; with inverted labels " in report["labels_hashed"].evidence
