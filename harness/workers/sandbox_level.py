"""Find out what the sandbox enforces on this machine, by a task that tries to break out."""

from __future__ import annotations

import json
import socket
from pathlib import Path

from harness.sandbox import self_test
from harness.workers.pool import Runner, Task, TaskBudget

PROBE_BUDGET = TaskBudget(cpu_s=20.0, wall_s=60.0, memory_mb=4096)


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
    return self_test.summarize(json.loads(answer.payload), "kernel")
