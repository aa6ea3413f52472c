"""What holds for all tests: threads, how many examples a property is tried on, what is measured once for many."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import settings

os.environ.pop("PYTEST_ADDOPTS", None)  # read by now, and not for the pytest that a test starts

ROOT = Path(__file__).resolve().parents[1]

# Several processes share the cores here: more threads than one wait for each other in busy loops.
for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(name, "1")

# A test that wants more or fewer asks for a multiple of settings().max_examples. CI takes the thorough profile too.
# No deadline: how long an example takes depends on what else the machine does.
settings.register_profile("fast", max_examples=20, deadline=None)
settings.register_profile("thorough", max_examples=100, deadline=None)
settings.load_profile("fast")


def prepare(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "prepare.py", *arguments]
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=600, check=False)


@pytest.fixture(scope="session")
def measured() -> subprocess.CompletedProcess[str]:
    """What `prepare.py train.py` prints."""
    return prepare("train.py")


@pytest.fixture(scope="session")
def checked() -> subprocess.CompletedProcess[str]:
    """What `prepare.py --check` prints."""
    return prepare("--check")
