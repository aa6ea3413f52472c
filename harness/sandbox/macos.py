"""Restrict one macOS process with Seatbelt, the sandbox of the system.

NOT RUN by us: written from public descriptions and from other projects that use the same call. What it enforces on a
machine is found by the self-test and printed.
Covered: network, other processes and programs, signals to others, reading below the users' folders, writing outside the
temporary folder. Not covered: a memory limit of the kernel (the harness polls instead).
"""

from __future__ import annotations

import ctypes
import os
import resource
from collections.abc import Callable

from harness.sandbox.policy import KernelLimits, Layer, Policy

PRIVATE = ("/Users", "/Volumes", "/private/tmp", "/private/var/folders", "/home")


def apply(policy: Policy, limits: KernelLimits) -> list[Layer]:
    """Restrict the calling process permanently and return the layers."""
    layers = []
    steps: dict[str, Callable[[], None]] = {
        "limits": lambda: set_limits(limits),
        "seatbelt": lambda: enter(profile(policy)),
    }
    for name, layer in steps.items():
        try:
            layer()
        except (OSError, ValueError, AttributeError) as error:
            layers.append(Layer(name, refused=f"{type(error).__name__}: {error}"))
        else:
            layers.append(Layer(name))
    return layers


def profile(policy: Policy) -> str:
    """Return the Seatbelt profile. The last matching rule applies, and paths must not contain links."""
    write = _quote(os.path.realpath(policy.write))
    private = "".join(f"(subpath {_quote(path)})" for path in PRIVATE)
    read = "".join(f"(subpath {_quote(os.path.realpath(path))})" for path in policy.read)
    return (
        "(version 1)(allow default)(deny network*)(deny process-fork)(deny process-exec*)"
        "(deny signal)(allow signal (target self))"
        f'(deny file-write*)(allow file-write* (subpath {write})(literal "/dev/null"))'
        f"(deny file-read* {private})(allow file-read* {read}(subpath {write}))"
    )


def enter(text: str) -> None:
    """Enter the sandbox of a profile. Raises OSError."""
    error = ctypes.c_char_p()
    library = ctypes.CDLL("/usr/lib/libSystem.B.dylib")
    if library.sandbox_init(text.encode(), ctypes.c_uint64(0), ctypes.byref(error)):
        raise OSError(0, (error.value or b"sandbox_init").decode(errors="replace"))


def set_limits(limits: KernelLimits) -> None:
    """Set the limits that macOS enforces: CPU seconds, core files, size of a file."""
    cpu = int(limits.cpu_s * 1.25) + 2
    resource.setrlimit(resource.RLIMIT_CPU, (cpu, cpu))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (limits.disk_mb << 20,) * 2)


def _quote(path: str) -> str:
    return '"' + path.replace("\\", "\\\\").replace('"', '\\"') + '"'
