"""One small problem and one warm runner for all tests that measure."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from problems import make_problem

from harness.evaluate import FoldWorkers
from harness.workers.pool import Runner, TaskBudget


@pytest.fixture(scope="session")
def folds_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the folds of these tests have their temporary folders: others may measure on this machine meanwhile."""
    return tmp_path_factory.mktemp("folds")


@pytest.fixture(scope="session")
def warm_runner(folds_home: Path) -> Iterator[Runner]:
    with Runner(2) as opened:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(tempfile, "tempdir", str(folds_home))
            opened.warm_up()
        yield opened


@pytest.fixture(scope="session")
def bench(warm_runner: Runner) -> FoldWorkers:
    return FoldWorkers(make_problem(), warm_runner, TaskBudget(cpu_s=20.0, wall_s=300.0, memory_mb=2048))
