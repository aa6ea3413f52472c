"""Apply the sandbox to the process that runs train.py, with one module for each platform.

Each platform's module has `apply(policy, limits) -> list[Layer]`. A layer that the machine refuses is reported as
refused, and the fold goes on. What is enforced is found by trying (`self_test.py`), not from the platform's name.
"""

from __future__ import annotations

import contextlib
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from harness.sandbox.policy import KernelLimits, Layer, Policy


def prepare() -> None:
    """Do once in the launcher what every fold would otherwise do again."""
    if sys.platform == "linux":
        from harness.sandbox import linux

        with contextlib.suppress(OSError):
            linux.carved_ruleset()
            linux.memory_snapshot()


def apply(policy: Policy, limits: KernelLimits) -> list[Layer]:
    """Restrict the calling process permanently, with every layer that this machine offers."""
    if sys.platform == "linux":
        from harness.sandbox import linux

        return linux.apply(policy, limits)
    if sys.platform == "darwin":
        from harness.sandbox import macos

        return macos.apply(policy, limits)
    from harness.sandbox import audit_hook

    return audit_hook.apply(policy, limits)
