"""The access rights of a fold's process: the folders it may read, the one it may write, and its limits.

Covered: the interpreter, the installed packages and the libraries of the system are readable, the fold's temporary
folder is writable, and nothing else is accessible. The tables inside packages are excluded (scikit-learn has a few,
with labels, and a user may measure one of them).
Not covered: `stat` (size and time of any file) stays possible; other tables inside packages are not known here.
"""

from __future__ import annotations

import os
import sys
import sysconfig
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

# The entries of /proc/self that libraries read. Not all of it: `net` lists the sockets of all other processes.
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
# The number of CPUs, for joblib; without it, every forest raises PermissionError. The folder is not readable, since it
# also has counters of other processes.
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
    """The folders and files that a fold may read, and the folder that it may write."""

    read: tuple[str, ...]
    write: str


@dataclass(frozen=True, slots=True)
class KernelLimits:
    """Hard limits of the kernel, which hold even if the harness is busy; the harness enforces lower ones."""

    cpu_s: float
    memory_mb: int
    disk_mb: int


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer of the sandbox, and the reason if it was refused."""

    name: str
    refused: str = ""


def readable() -> tuple[str, ...]:
    """Return the folders and files that every fold may read, including the tables inside packages."""
    return (*SYSTEM, sys.prefix, sys.base_prefix, *linked())


def _package_folders() -> set[Path]:
    return {Path(sysconfig.get_path(name)).resolve() for name in ("purelib", "platlib")}


@cache
def linked() -> tuple[str, ...]:
    """Return what the links among the installed packages point to: `uv` makes them with UV_LINK_MODE=symlink.

    Of a cache that holds more, these are the folders and files of the installed packages alone.
    """
    entries = [entry for folder in _package_folders() if folder.is_dir() for entry in os.scandir(folder)]
    return tuple(sorted({os.path.realpath(target) for entry in entries for target in _targets(entry)}))


def _targets(entry: os.DirEntry[str]) -> Iterator[str]:
    """Yield the target of a link, and of a folder of links the folders that hold their targets."""
    if entry.is_symlink():
        yield entry.path
    if entry.is_symlink() or not entry.is_dir():
        return
    for folder, _, names in os.walk(entry.path):
        paths = [os.path.join(folder, name) for name in names]  # noqa: PTH118 - 20,000 files, where Path is slow
        if names and not any(map(os.path.islink, paths)):
            return  # links are made for a whole package or not at all
        for path in filter(os.path.islink, paths):
            yield _package_of(path, os.readlink(path), path[len(entry.path) + 1 :], entry.name)  # noqa: PTH115 - as above


def _package_of(path: str, target: str, inside: str, name: str) -> str:
    """Return the package's folder that contains a link's target at the same place as here, else the link itself."""
    is_same_place = target.startswith(os.sep) and target.endswith(f"{os.sep}{name}{os.sep}{inside}")
    return target[: -len(inside) - 1] if is_same_place else path


@cache
def carved() -> tuple[str, ...]:
    """Return the same without the tables inside packages, as a longer list of folders and files."""
    packages = _package_folders()
    hidden = [Path(path).parent / table for path in linked() for table in TABLES_IN_PACKAGES]
    hidden += [path for folder in packages for table in TABLES_IN_PACKAGES for path in _places(folder / table)]
    hidden += [folder for folder in _other_packages() if folder not in packages]
    return tuple(dict.fromkeys(path for root in readable() for path in _without(Path(root), hidden)))


def _places(table: Path) -> list[Path]:
    """Return a folder of tables, and the places of its files: its own folder or its files may be links."""
    return [table, table.resolve(), *(path.resolve() for path in table.rglob("*") if path.is_symlink())]


def _other_packages() -> list[Path]:
    """Return the package folders of other environments below the same roots, which may contain the same tables."""
    base = {"base": sys.base_prefix, "platbase": sys.base_prefix}
    own = [Path(sysconfig.get_path(name, vars=base)).resolve() for name in ("purelib", "platlib")]
    return [*own, Path("/usr/lib/python3/dist-packages"), *sorted(Path("/usr/local/lib").glob("python*/*-packages"))]


def _without(root: Path, hidden: list[Path]) -> list[str]:
    """Return paths that together contain everything below `root` except `hidden`, as an allow list requires.

    Links are resolved first, since the lib64 of an environment is a link to its lib.
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
