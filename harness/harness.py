"""The open harness: a table, its splits, warm workers that evaluate files on it, and the fingerprint of all of this.

The split, the evaluation and the printed lines are functions of prepare.py, passed in as Rules. The fingerprint is a
hash of everything but train.py that a number depends on; numbers with different fingerprints cannot be compared.

Covered by it: prepare.py, harness/, content and config of the table, Python, the machine type, the versions of the
declared packages, and the sandbox level.
Not covered: libraries of the operating system, and the linear-algebra kernels chosen for a processor.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import platform
import socket
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from harness.audit import Finding, audit
from harness.data.config import Card, read_card
from harness.data.table import Table, cached_table
from harness.early_stopping import Known, Target
from harness.evaluate import FoldWorkers, Result, TrainFile
from harness.output import Lines
from harness.problem import Problem, Scores
from harness.sandbox.self_test import GROUPS
from harness.workers.launcher import memory_limit_mb
from harness.workers.pool import Runner, Task, TaskBudget

PACKAGES = ("flaml", "lightgbm", "numpy", "pandas", "scikit-learn", "scipy", "xgboost", "xgboost-cpu")
PROBE_BUDGET = TaskBudget(cpu_s=20.0, wall_s=60.0, memory_mb=4096)


class Evaluate(Protocol):
    """prepare.evaluate: the loop over the folds."""

    def __call__(
        self, file: TrainFile, workers: FoldWorkers, *, target: Target | None = None, refits: bool | None = None
    ) -> Result:
        """Evaluate a file on the folds of these workers."""
        ...


@dataclass(frozen=True, slots=True)
class Rules:
    """The functions and constants of prepare.py that the harness needs."""

    root: Path
    test_size: float
    split: Callable[[Table, int], Problem]
    evaluate: Evaluate
    mean_auc: Callable[[Sequence[float | None]], float]
    lines: Callable[[Result, Problem, str, float], Lines]
    exit_status: Callable[[Result], int]
    budget: TaskBudget


@dataclass(slots=True)
class Harness:
    """An open table with warm workers."""

    table: Table
    runner: Runner
    rules: Rules
    sandbox: str = ""  # what the sandbox enforces on this machine
    parts: dict[str, str] = field(default_factory=dict)  # of the fingerprint
    on_progress: Callable[[str], None] = lambda _text: None
    known: Known = field(default_factory=dict)  # fold AUCs of earlier experiments
    _workers: dict[int, FoldWorkers] = field(
        default_factory=dict
    )  # kept, so the probe rows of a partition stay the same

    @property
    def fingerprint(self) -> str:
        """A hash of everything but train.py that a number depends on, eight characters long."""
        return shorten(self.parts)

    def workers(self, partition: int = 0) -> FoldWorkers:
        """Return the workers for one partition of the rows; decisions use partition 0."""
        if partition not in self._workers:
            problem = self.rules.split(self.table, partition)
            self._workers[partition] = FoldWorkers(
                problem, self.runner, self.rules.budget, on_progress=self.on_progress
            )
        return self._workers[partition]

    def evaluate(self, source: TrainFile, partition: int = 0, *, refits: bool | None = None) -> Result:
        """Evaluate a file on all folds of one partition."""
        return self.rules.evaluate(source, self.workers(partition), refits=refits)

    def val_auc(self, problem: Problem, scores: Sequence[Scores]) -> float | None:
        """Return the val_auc of out-of-fold scores, as prepare.py computes it; None if a fold has no AUC."""
        fold_aucs = problem.fold_aucs(scores)
        return None if None in fold_aucs else self.rules.mean_auc(fold_aucs)

    def audit(self) -> list[Finding]:
        """Audit the table and its split; return the most severe findings first."""
        problem = self.workers().problem
        return audit(self.table, problem.train, problem.test, seed=problem.seed)


def open_harness(rules: Rules, runner: Runner, on_progress: Callable[[str], None]) -> Harness:
    """Read the table, start the launcher, and test what the sandbox enforces.

    Raises
    ------
    TableError
        There is no table, or it cannot be split into folds.
    """
    card = read_card(rules.root)
    runner.warm_up()  # imports the libraries while the table is read
    table = cached_table(rules.root, card) or _build_table(rules.root, card)
    level = probe_level(runner, rules.root / "prepare.py")
    card_text = (rules.root / "data/dataset.toml").read_text()
    parts = collect_parts(rules.root, table=table.digest, card=card_text, sandbox=level)
    harness = Harness(table, runner, rules, level + shortcomings(runner, rules.budget), parts, on_progress)
    harness.workers()
    return harness


def _build_table(root: Path, card: Card) -> Table:
    from harness.data.build import read_table  # imported here because most starts find the cache

    return read_table(root, card)


def shortcomings(runner: Runner, budget: TaskBudget) -> str:
    """Return what this machine lacks beside its sandbox, to be shown after it. No number depends on it."""
    limit_mb = memory_limit_mb()
    lacks = [
        (sys.platform == "linux" and not all(slot.has_row_blocks for slot in runner.slots), "workers cannot be forked"),
        (sys.platform == "linux" and not Path("/proc/self").exists(), "no /proc: CPU and memory are not watched"),
        (limit_mb is not None and limit_mb < budget.memory_mb, f"this container has {limit_mb} MB of memory"),
    ]
    found = "; ".join(text for is_lacking, text in lacks if is_lacking)
    return f" ({found})" if found else ""


def probe_level(runner: Runner, secret: Path) -> str:
    """Return what is enforced, as one line. `secret` is a file that no fold may read, such as prepare.py."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        targets = {"table": str(secret), "port": listener.getsockname()[1], "memory_mb": PROBE_BUDGET.memory_mb}
        job = {
            "task": "describe_sandbox",
            "targets": targets,
            "seed": 0,
            "guarded": True,
        }
        answer = runner.run([Task(job, 4096, is_exact=False)], PROBE_BUDGET)[0]
    if answer.payload is None:
        return f"NOT ENFORCED: unknown ({answer.reason})"
    return summarize(json.loads(answer.payload), "kernel")


def summarize(stopped: Mapping[str, bool], how: str) -> str:
    """Return one line: `files=kernel network=kernel …`, with `NOT ENFORCED: network` for what was not stopped."""
    words = [
        f"{group}={how}" if all(stopped.get(name, False) for name in names) else f"NOT ENFORCED: {group}"
        for group, names in GROUPS.items()
    ]
    return " ".join(words)


def collect_parts(root: Path, *, table: str, card: str, sandbox: str) -> dict[str, str]:
    """Return the parts of the fingerprint by name, each a short hash or a version.

    Parameters
    ----------
    root : Path
        The folder of prepare.py.
    table, card, sandbox : str
        The content hash of the table, its config as text, and the line that says what the sandbox enforces.
    """
    harness = b"".join(
        path.relative_to(root).as_posix().encode() + b"\0" + _normal(path.read_bytes())
        for path in sorted((root / "harness").rglob("*.py"))
    )
    return {
        "prepare.py": _short(_normal((root / "prepare.py").read_bytes())),
        "harness/": _short(harness),
        "table": table,
        "data/dataset.toml": _short(card.encode()),
        "python": platform.python_version(),
        "machine": platform.machine(),
        "sandbox": sandbox,
        **{name: version for name in PACKAGES if (version := _version(name))},
    }


def shorten(parts: Mapping[str, str]) -> str:
    """Return the fingerprint of the parts: eight hexadecimal digits."""
    return _short(json.dumps(dict(sorted(parts.items()))).encode())[:8]


def _version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return ""


def _normal(data: bytes) -> bytes:
    """Return the bytes with Unix line ends: git may write Windows ones."""
    return data.replace(b"\r\n", b"\n")


def _short(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:16]
