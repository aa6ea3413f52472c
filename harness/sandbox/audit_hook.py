"""Where the kernel gives nothing: an audit hook that refuses the common ways out, with a clear message.

Covered: opening files outside the rooms, sockets, new processes, as far as Python itself is asked.
Not covered: everything that a library does natively, and four lines of Python can take the hook away. It catches
accidents, not attacks; that is why it is called advisory and the probe's line never says `kernel` for it.
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
    """Install the hook for the rest of the process's life."""
    del limits  # the harness polls them
    sys.addaudithook(hook(policy))
    return [Layer("kernel", refused="this system offers none that is used here"), Layer("advisory")]


def hook(policy: Policy) -> Any:
    """Return the audit hook for these rooms."""
    read = tuple(Path(os.path.realpath(path)) for path in policy.read)
    write = Path(os.path.realpath(policy.write))

    def refuse(event: str, arguments: tuple[Any, ...]) -> None:
        if event.startswith(REFUSED):
            raise PermissionError(f"sandbox: {event} is not for train.py")
        if event in OPENING and isinstance(arguments[0], str | bytes | os.PathLike):
            path = Path(os.path.realpath(os.fsdecode(arguments[0])))
            if not (path.is_relative_to(write) or any(path.is_relative_to(folder) for folder in read)):
                raise PermissionError(f"sandbox: opening {path} is not for train.py")

    return refuse
