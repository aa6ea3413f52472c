"""One small problem and one warm runner for all tests that measure."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from problems import make_problem

from harness.measure import Bench
from harness.runner import Budget, Runner


@pytest.fixture(scope="session")
def warm_runner() -> Iterator[Runner]:
    with Runner(2) as opened:
        yield opened


@pytest.fixture(scope="session")
def bench(warm_runner: Runner) -> Bench:
    return Bench(make_problem(), warm_runner, Budget(cpu_s=20.0, wall_s=60.0, memory_mb=2048))
