"""For systems without a usable kernel sandbox: an audit hook that refuses common accesses with a clear message.

Covered: opening files outside the policy's folders, sockets and new processes, if they are requested through Python.
Not covered: native code of a library; and four lines of Python remove the hook. It stops accidents, not attacks, and is
therefore called advisory. The printed line never says `kernel` for it.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from harness.sandbox.policy import KernelLimits, Layer, Policy

REFUSED = (
    "socket.",
    "subprocess.",
    "os.system",
    "os.fork",
    "os.exec",
    "os.spawn",
    "os.posix_spawn",
    "os.kill",
    "os.startfile",
)
OPENING = frozenset({"open", "os.open", "io.FileIO"})


def apply(policy: Policy, limits: KernelLimits) -> list[Layer]:
    """Install the hook, which cannot be removed through Python's interface."""
    del limits  # the harness enforces them by polling
    sys.addaudithook(hook(policy))
    return [Layer("kernel", refused="no kernel sandbox is used on this system"), Layer("advisory")]


def hook(policy: Policy) -> Any:
    """Return the audit hook for a policy."""
    read = tuple(Path(os.path.realpath(path)) for path in policy.read)
    write = Path(os.path.realpath(policy.write))

    def refuse(event: str, arguments: tuple[Any, ...]) -> None:
        if event.startswith(REFUSED):
            raise PermissionError(f"sandbox: {event} is not allowed in train.py")
        if event in OPENING and isinstance(arguments[0], str | bytes | os.PathLike):
            path = Path(os.path.realpath(os.fsdecode(arguments[0])))
            if not (path.is_relative_to(write) or any(path.is_relative_to(folder) for folder in read)):
                raise PermissionError(f"sandbox: opening {path} is not allowed in train.py")

    return refuse
