"""Lock the process that runs train.py: one door, `apply`, and behind it one file for each kind of machine.

Each platform's file offers `apply(rooms, limits) -> list[Layer]`. A layer that this machine refuses is reported as
refused and the fold goes on: what is really enforced is found by trying (`self_test.py`), never by the platform's name.
"""

from __future__ import annotations

import contextlib
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from harness.sandbox.policy import KernelLimits, Layer, Policy


def prepare() -> None:
    """Do once, in the warm process, what every fold would otherwise do again."""
    if sys.platform == "linux":
        from harness.sandbox import linux

        with contextlib.suppress(OSError):
            linux.carved_ruleset()
            linux.memory_snapshot()


def apply(policy: Policy, limits: KernelLimits) -> list[Layer]:
    """Lock the calling process down, for ever, with everything that this machine offers."""
    if sys.platform == "linux":
        from harness.sandbox import linux

        return linux.apply(policy, limits)
    if sys.platform == "darwin":
        from harness.sandbox import macos

        return macos.apply(policy, limits)
    from harness.sandbox import audit_hook

    return audit_hook.apply(policy, limits)
