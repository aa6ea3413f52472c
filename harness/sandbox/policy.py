"""What a fold process may touch: the folders it may read, the one it may write, and how much of everything.

Covered: the interpreter, the installed packages and the system's libraries are readable, the fold's own temporary
folder is writable, and nothing else is either. Tables that ride inside packages (scikit-learn carries a few,
labels and all, and somebody may measure one of them) are carved out.
Not covered: `stat` (size and time of any file) stays possible; a table elsewhere in a package is not known here.
"""

from __future__ import annotations

import os
import sys
import sysconfig
from dataclasses import dataclass
from functools import cache
from pathlib import Path

# Of a process's own entry in /proc what libraries ask for, and not the whole: `net` names the sockets of all others.
OWN_PROC = (
    "auxv",
    "cgroup",
    "cmdline",
    "fd",
    "limits",
    "maps",
    "mountinfo",
    "mounts",
    "smaps",
    "smaps_rollup",
    "stat",
    "statm",
    "status",
)
# How many CPUs joblib may use; denied, it raises PermissionError out of every forest. Counters of other processes
# stand beside these files.
CPU_SHARES = ("cpu.max", "cpu/cpu.cfs_quota_us", "cpu/cpu.cfs_period_us")
SYSTEM = (
    "/usr",
    "/lib",
    "/lib64",
    "/etc/ld.so.cache",
    "/etc/localtime",
    "/etc/alternatives",
    *(f"/proc/self/{name}" for name in OWN_PROC),
    "/proc/cpuinfo",
    "/proc/meminfo",
    "/sys/devices/system/cpu",
    *(f"/sys/fs/cgroup/{name}" for name in CPU_SHARES),
    "/dev/urandom",
)
TABLES_IN_PACKAGES = ("sklearn/datasets/data", "sklearn/datasets/images")


@dataclass(frozen=True, slots=True)
class Policy:
    """Folders and files that a fold may read, and the one folder that it may write."""

    read: tuple[str, ...]
    write: str


@dataclass(frozen=True, slots=True)
class KernelLimits:
    """Hard limits that the kernel keeps even when the harness is busy; the harness itself cuts earlier."""

    cpu_s: float
    memory_mb: int
    disk_mb: int


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer of the sandbox and why it is not there, if it is not."""

    name: str
    refused: str = ""


def readable() -> tuple[str, ...]:
    """Return the folders and files below which every fold may read, packages' tables not yet taken out."""
    return (*SYSTEM, sys.prefix, sys.base_prefix)


@cache
def carved() -> tuple[str, ...]:
    """Return the same as many more folders and files, without the tables that ride inside packages."""
    packages = {Path(sysconfig.get_path(name)).resolve() for name in ("purelib", "platlib")}
    hidden = [folder / table for folder in packages for table in TABLES_IN_PACKAGES]
    hidden += [folder for folder in _other_packages() if folder not in packages]
    return tuple(dict.fromkeys(path for root in readable() for path in _without(Path(root), hidden)))


def _other_packages() -> list[Path]:
    """Return where other environments keep packages below the same roots: they may hold the same tables again."""
    base = {"base": sys.base_prefix, "platbase": sys.base_prefix}
    own = [Path(sysconfig.get_path(name, vars=base)).resolve() for name in ("purelib", "platlib")]
    return [*own, Path("/usr/lib/python3/dist-packages"), *sorted(Path("/usr/local/lib").glob("python*/*-packages"))]


def _without(root: Path, hidden: list[Path]) -> list[str]:
    """Return paths that together hold all below `root` but `hidden`: an allow-list cannot subtract.

    Links are followed first: an environment's lib64 is its lib by another name.
    """
    if root.is_symlink() and "/proc/" not in str(root):
        root = root.resolve()
    if root in hidden:
        return []
    if not any(path.is_relative_to(root) for path in hidden):
        return [str(root)]
    return [
        path for entry in sorted(os.scandir(root), key=lambda e: e.name) for path in _without(Path(entry.path), hidden)
    ]
