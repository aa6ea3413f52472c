"""What holds for all tests: threads, how many examples a property is tried on, what is measured once for many."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import settings

os.environ.pop("PYTEST_ADDOPTS", None)  # read by now, and not for the pytest that a test starts

os.environ.pop("CLAUDECODE", None)  # inside Claude Code no command shows the numbers that the tests look at

# The tests start Python some hundred times. Without stored bytecode each start compiles scikit-learn again: 4 s, not 1.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

ROOT = Path(__file__).resolve().parents[1]

# Several processes share the cores here: more threads than one wait for each other in busy loops.
for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(name, "1")

# A test that wants more or fewer asks for a multiple of settings().max_examples. CI takes the thorough profile too.
# No deadline: how long an example takes depends on what else the machine does.
settings.register_profile("fast", max_examples=10, deadline=None)
settings.register_profile("thorough", max_examples=100, deadline=None)
settings.load_profile("fast")


# Of these files one test in so many is in the fast set, the others are slow: each case fits models or starts processes.
SAMPLED = {
    "tests/harness/analyses/test_conclude.py": 2,
    "tests/harness/analyses/test_export.py": 3,
    "tests/harness/audit/test_audit.py": 3,
    "tests/harness/audit/test_page.py": 2,
    "tests/harness/checks/test_baselines.py": 3,
    "tests/harness/data/test_ingest.py": 3,
    "tests/harness/data/test_misread.py": 2,
    "tests/harness/stats/test_selection.py": 3,
    "tests/harness/test_evaluate.py": 3,
    "tests/harness/test_honest.py": 2,
    "tests/harness/test_hostile.py": 2,
    "tests/harness/workers/test_pool.py": 5,
    "tests/harness/workers/test_row_blocks.py": 4,
    "tests/instructions/test_go_on.py": 3,
    "tests/instructions/test_guard.py": 5,
    "tests/ratchet/analyses/test_conclude.py": 2,
    "tests/ratchet/analyses/test_export.py": 3,
    "tests/ratchet/analyses/test_finish.py": 2,
    "tests/ratchet/analyses/test_reveal.py": 3,
    "tests/ratchet/any_repo/test_check.py": 2,
    "tests/ratchet/any_repo/test_clean.py": 3,
    "tests/ratchet/any_repo/test_environment.py": 2,
    "tests/ratchet/any_repo/test_folders.py": 4,
    "tests/ratchet/any_repo/test_folders_everywhere.py": 4,
    "tests/ratchet/any_repo/test_logs.py": 3,
    "tests/ratchet/any_repo/test_users_files.py": 2,
    "tests/ratchet/commands/test_run.py": 4,
    "tests/ratchet/engine/test_agents.py": 4,
    "tests/ratchet/engine/test_commits.py": 2,
    "tests/ratchet/engine/test_crash_safety.py": 2,
    "tests/ratchet/engine/test_loop.py": 6,
    "tests/ratchet/engine/test_parallel.py": 6,
    "tests/ratchet/engine/test_prediction.py": 3,
    "tests/ratchet/engine/test_reviewer.py": 6,
    "tests/ratchet/engine/test_server_client.py": 4,
    "tests/ratchet/engine/test_signals.py": 2,
    "tests/ratchet/engine/test_usage_limit.py": 4,
    "tests/ratchet/repo/test_git.py": 2,
    "tests/ratchet/test_api.py": 3,
    "tests/ratchet/test_general.py": 2,
    "tests/ratchet/test_init.py": 2,
    "tests/ratchet/test_machines.py": 6,
    "tests/ratchet/test_process.py": 2,
    "tests/ratchet/test_recipes.py": 4,
    "tests/ratchet/test_shell_repo.py": 6,
    "tests/ratchet/views/report/test_write.py": 2,
    "tests/ratchet/views/test_figure.py": 6,
    "tests/ratchet/views/test_watch.py": 4,
    "tests/ratchet/views/test_web.py": 5,
    "tests/researcher/test_codegen.py": 8,
    "tests/researcher/test_main.py": 2,
    "tests/researcher/test_proposal.py": 3,
    "tests/test_prepare.py": 2,
}


@pytest.hookimpl(tryfirst=True)  # before `-m` chooses
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark all but the sampled tests of the large files as slow, the same ones every time."""
    seen: Counter[str] = Counter()
    for item in items:
        name = item.path.relative_to(ROOT).as_posix()
        if name in SAMPLED and seen[name] % SAMPLED[name]:
            item.add_marker(pytest.mark.slow)
        seen[name] += 1


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
