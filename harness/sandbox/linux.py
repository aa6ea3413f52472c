"""Restrict one single-threaded Linux process: Landlock, seccomp, limits, no capabilities, private read-only mounts.

Covered: reading and writing outside the policy's folders, network, new processes and programs, signals and tracing of
others, traces outside the temporary folder (names, access times, attributes, hints, locks), names that another process
can read (sockets, queues, priorities, clocks), changes of the sandbox, CPU, memory and disk beyond the limits.
Not covered: `stat` of any path; bugs of the kernel; side channels between two workers that run at the same time.
benchmarks/side_channels.py measures these. At four bits a second on a machine with a load of 12 (two processors, 80
bits), the ids that the kernel gives to new threads carried 3.6 bits a second with 1 % of them wrong; the copy of
/proc/meminfo and the free blocks of the disk carried nothing above a random reading. The load of the processors, the
ids of new pipes, and the time at which a worker ends are channels of the same kind. The table of system calls is for
x86_64 and aarch64; only x86_64 was run.
Sources: landlock(7), seccomp(2), capabilities(7), mount_setattr(2); kernel 5.13 or later has all but the mounts.
"""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import stat
import struct
import tempfile
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path

from harness.sandbox.policy import KernelLimits, Layer, Policy, carved, readable
from harness.sandbox.syscalls import CALLS, CLOCKS, DENIED, machine_index

MB = 1 << 20
ALLOW, KILL, EPERM, ENOSYS = 0x7FFF0000, 0x80000000, 0x00050001, 0x00050026
LOAD, EQUAL, AT_LEAST, ANY_BIT, RETURN = 0x20, 0x15, 0x35, 0x45, 0x06  # opcodes of the packet filter
AT_NUMBER, AT_ARCH = 0, 4  # offsets in struct seccomp_data; argument k is at 16 + 8k
EXECUTE, WRITE_FILE, READ_FILE, READ_DIR, TRUNCATE = 1, 2, 4, 8, 1 << 14  # rights of Landlock
READING = EXECUTE | READ_FILE | READ_DIR
# fcntl commands by which a process signals another or leaves a trace: locks, owners, leases, notices, hints
FCNTL_DENIED = (6, 7, 8, 10, 15, 37, 38, 1024, 1026, 1036, 1038)
# flags, versions and seals of files; owners of sockets, who get a signal, as with fcntl
IOCTL_DENIED = (0x40086602, 0x40046602, 0x40087602, 0x401C5820, 0x40806685, 0x8901, 0x8902)
PARENT_DEATH = 1  # prctl: a worker must not outlive the harness
OTHERS_CLOCK = 0x80000000  # a negative clock is the CPU time of the process or thread with that id
FUTEX_WAIT, FUTEX_WAIT_BITSET, FUTEX_REALTIME, FUTEX_PRIVATE = 0, 9, 256, 128
CLONE_PARENT = 0x8000

libc = ctypes.CDLL(None, use_errno=True)
_clone = ctypes.PyDLL(None, use_errno=True).syscall  # PyDLL keeps the GIL: the thread that forks must hold it
_clone.restype = None  # the id of the new process must not become a Python object, which would stay in memory
_clone.argtypes = [ctypes.c_long] * 6


def apply(policy: Policy, limits: KernelLimits) -> list[Layer]:
    """Restrict the calling process permanently and return the layers.

    In this order, since each layer forbids calls that the ones before it need.
    """
    layers: list[tuple[str, Callable[[], None]]] = [
        ("mounts", lambda: private_mounts(policy.write, limits.disk_mb)),
        ("landlock", lambda: landlock(policy)),
        ("limits", lambda: set_limits(limits)),
        ("capabilities", drop_capabilities),
        ("seccomp", seccomp),
    ]
    return [_try(name, layer) for name, layer in layers]


def _try(name: str, layer: Callable[[], None]) -> Layer:
    try:
        layer()
    except (OSError, ValueError) as error:
        return Layer(name, refused=f"{type(error).__name__}: {error}")
    return Layer(name)


def _call(name: str, *arguments: int | bytes) -> int:
    """Make a system call that libc has no function for. Raises OSError."""
    packed = [ctypes.c_long(a) if isinstance(a, int) else a for a in arguments]
    result: int = libc.syscall(ctypes.c_long(CALLS[name][machine_index()]), *packed)
    if result < 0:
        _raise(name)
    return result


def _raise(what: str) -> None:
    code = ctypes.get_errno()
    raise OSError(code, f"{what}: {os.strerror(code)}")


def fork_sibling() -> bool:
    """Fork a child of this process's parent, and return True in the new process. Raises OSError.

    Only the parent gets the child's exit status and resource usage. This process does not even keep its id, because the
    next worker inherits the memory of this process.
    """
    own, number = os.getpid(), CALLS["clone"][machine_index()]
    ctypes.set_errno(0)
    ctypes.pythonapi.PyOS_BeforeFork()
    _clone(number, CLONE_PARENT | signal.SIGCHLD, 0, 0, 0, 0)
    if os.getpid() != own:
        ctypes.pythonapi.PyOS_AfterFork_Child()
        return True
    ctypes.pythonapi.PyOS_AfterFork_Parent()
    if ctypes.get_errno():
        _raise("clone")
    return False


def private_mounts(folder: str, size_mb: int) -> None:
    """Make all mounts read-only for this process, and mount an empty, size-limited tmpfs on `folder`.

    Read-only mounts also keep access times, in which a fold could leave bits for the next. Many containers and the
    defaults of Ubuntu refuse these mounts.
    """
    uid, gid = os.geteuid(), os.getegid()
    new_user, new_mounts, new_ipc, new_network = 0x10000000, 0x20000, 0x8000000, 0x40000000
    if libc.unshare(new_user | new_mounts | new_ipc | new_network) and libc.unshare(new_user | new_mounts):
        _raise("unshare")
    for name, text in (("setgroups", "deny"), ("uid_map", f"{uid} {uid} 1"), ("gid_map", f"{gid} {gid} 1")):
        Path("/proc/self", name).write_text(text)
    recursive_private, recursive, read_only = 0x4000 | 0x40000, 0x8000, 1
    if libc.mount(None, b"/", None, recursive_private, None):
        _raise("mount private")
    _call("mount_setattr", -100, b"/", recursive, struct.pack("QQQQ", read_only, 0, 0, 0), 32)
    bind, nosuid_nodev = 4096, 2 | 4
    if libc.mount(os.fsencode(memory_snapshot()), b"/proc/meminfo", None, bind, None):
        _raise("mount meminfo")
    if libc.mount(b"tmpfs", os.fsencode(folder), b"tmpfs", nosuid_nodev, b"size=%d,mode=700" % (size_mb * MB)):
        _raise("mount tmpfs")
    os.chdir(folder)  # noqa: TID251 - the tmpfs now covers the current folder of this fold's process


@cache
def memory_snapshot() -> str:
    """Return a copy of /proc/meminfo from before any worker ran, for flaml, which reads it.

    Workers that run at the same time could communicate through the live counters.
    """
    path = Path(tempfile.gettempdir(), "meminfo")
    path.write_bytes(Path("/proc/meminfo").read_bytes())
    return str(path)


def landlock(policy: Policy) -> None:
    """Allow reading and executing below `policy.read`, everything below `policy.write`, and no other file.

    There are two rulesets, and both must allow an access: a short one for each fold, and one without the tables inside
    packages, which has hundreds of rules (7 ms) and is therefore made once, before the first fold is forked.
    """
    threads = Path("/proc/self/task")
    if threads.exists() and len(list(threads.iterdir())) > 1:
        raise OSError(0, "the process has other threads, which would stay unrestricted")
    abi = _landlock_abi()
    rights = (1 << {1: 13, 2: 14, 3: 15, 4: 15}.get(abi, 16)) - 1  # every file right that this kernel knows
    network, scopes = (3 if abi >= 4 else 0), (3 if abi >= 6 else 0)  # TCP; abstract sockets and signals
    size = 8 if abi < 4 else 16 if abi < 6 else 24
    ruleset = _call("landlock_create_ruleset", struct.pack("QQQ", rights, network, scopes), size, 0)
    for path in policy.read:
        _allow(ruleset, path, READING)
    _allow(ruleset, policy.write, rights & ~EXECUTE)
    _allow(ruleset, os.devnull, rights & (READ_FILE | WRITE_FILE | TRUNCATE))
    libc.prctl(38, 1, 0, 0, 0)  # PR_SET_NO_NEW_PRIVS
    for one in (carved_ruleset(), ruleset):
        _call("landlock_restrict_self", one, 0)
        os.close(one)  # the holder of a ruleset may extend it, and later folds share the carved one


@cache
def carved_ruleset() -> int:
    """Return a ruleset that allows reading the policy's folders without the tables in packages. Raises OSError."""
    ruleset = _call("landlock_create_ruleset", struct.pack("Q", READING), 8, 0)
    # /proc/self would be the launcher here; the ruleset of the fold restricts /proc
    for path in (*carved(), "/proc", tempfile.gettempdir(), os.devnull):
        _allow(ruleset, path, READING)
    for root in filter(
        os.path.isdir, readable()
    ):  # the import system looks for a module in the list of a folder's names
        _allow(ruleset, root, READ_DIR)
    return ruleset


def _landlock_abi() -> int:
    return _call("landlock_create_ruleset", 0, 0, 1)


def _allow(ruleset: int, path: str, rights: int) -> None:
    try:
        handle = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return  # a missing or inaccessible path needs no rule
    if not stat.S_ISDIR(os.fstat(handle).st_mode):
        rights &= EXECUTE | WRITE_FILE | READ_FILE | TRUNCATE  # the kernel refuses folder rights for a file
    try:
        _call("landlock_add_rule", ruleset, 1, struct.pack("=Qi", rights, handle), 0)
    finally:
        os.close(handle)


def set_limits(limits: KernelLimits) -> None:
    """Set soft and hard limits of the kernel, as a backstop for the limits of the harness.

    RLIMIT_CPU counts in ticks (10 to 15 % off), so it gets slack. RLIMIT_DATA is relative to the address space that the
    libraries have already reserved (arrow alone takes 1 GB).
    """
    cpu = int(limits.cpu_s * 1.25) + 2
    resource.setrlimit(resource.RLIMIT_CPU, (cpu, cpu))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (limits.disk_mb * MB,) * 2)
    reserved = int(Path("/proc/self/statm").read_text().split()[5]) * resource.getpagesize()  # fails without /proc
    resource.setrlimit(resource.RLIMIT_DATA, (reserved + limits.memory_mb * MB,) * 2)


def drop_capabilities() -> None:
    """Drop all capabilities; with them root could raise its limits and read other processes."""
    version_3 = struct.pack("Ii", 0x20080522, 0)
    _call("capset", version_3, b"\0" * 24)


def seccomp() -> None:
    """Deny network, processes, programs, signals to others and changes of file metadata, also from native code.

    clone3 returns ENOSYS, not EPERM: only then does libc fall back to clone, whose flags a filter can read.
    """
    instructions = [*_architecture(), *_denials(), *_conditions(), _step(RETURN, ALLOW)]
    code = ctypes.create_string_buffer(b"".join(instructions))
    program = struct.pack("HxxxxxxQ", len(instructions), ctypes.addressof(code))
    if libc.prctl(38, 1, 0, 0, 0) or libc.prctl(22, 2, program, 0, 0):  # NO_NEW_PRIVS; SECCOMP_MODE_FILTER
        _raise("seccomp")


def _step(opcode: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("HBBI", opcode, if_true, if_false, value & 0xFFFFFFFF)


def _architecture() -> list[bytes]:
    index = machine_index()
    steps = [
        _step(LOAD, AT_ARCH),
        _step(EQUAL, (0xC000003E, 0xC00000B7)[index], 1, 0),
        _step(RETURN, KILL),
        _step(LOAD, AT_NUMBER),
    ]
    if index == 0:  # the x32 numbers are a second way to make the same calls
        steps += [_step(AT_LEAST, 0x40000000, 0, 1), _step(RETURN, KILL)]
    return steps


def _denials() -> list[bytes]:
    numbers = [CALLS[name][machine_index()] for name in DENIED]
    return [step for number in numbers if number >= 0 for step in (_step(EQUAL, number, 0, 1), _step(RETURN, EPERM))]


def _conditions() -> list[bytes]:
    """Return the rules that depend on an argument."""
    own, clone_thread = os.getpid(), 0x10000
    steps = [*_signal("kill", own, 1), *_signal("tgkill", own, 2)]
    steps += _argument("clone", 0, ANY_BIT, clone_thread)  # threads, no processes
    steps += _argument("prlimit64", 2, EQUAL, 0)  # reading limits, not setting them
    number = CALLS["clone3"][machine_index()]
    steps += [_step(EQUAL, number, 0, 1), _step(RETURN, ENOSYS)]
    # F_SETOWN, for example, makes the kernel send a signal that kill() may not send
    steps += [*_unless("fcntl", 1, FCNTL_DENIED), *_unless("ioctl", 1, IOCTL_DENIED)]
    steps += _unless("prctl", 0, (PARENT_DEATH,))
    for name in CLOCKS:
        steps += _unless(name, 0, (OTHERS_CLOCK,), test=ANY_BIT)
    return steps + _futex()


def _futex() -> list[bytes]:
    """Allow waking only within the process, since one process could wake another through a file that both map.

    Waiting is allowed: libc waits for the end of a thread on a word that the kernel wakes.
    """
    waits = (FUTEX_WAIT, FUTEX_WAIT_BITSET, FUTEX_WAIT_BITSET | FUTEX_REALTIME)
    steps = [_step(EQUAL, CALLS["futex"][machine_index()], 0, 7), _step(LOAD, 24)]
    steps += [_step(EQUAL, wait, 4 - i, 0) for i, wait in enumerate(waits)]
    return [*steps, _step(ANY_BIT, FUTEX_PRIVATE, 1, 0), _step(RETURN, EPERM), _step(RETURN, ALLOW)]


def _signal(name: str, own: int, index: int) -> list[bytes]:
    """Allow signals of a process to itself, except SIGKILL: a worker that ends by it was killed from outside."""
    return [
        _step(EQUAL, CALLS[name][machine_index()], 0, 6),
        _step(LOAD, 16 + 8 * index),
        _step(EQUAL, signal.SIGKILL, 2, 0),
        _step(LOAD, 16),
        _step(EQUAL, own, 1, 0),
        _step(RETURN, EPERM),
        _step(RETURN, ALLOW),
    ]


def _unless(name: str, index: int, values: Sequence[int], test: int = EQUAL) -> list[bytes]:
    """Allow the call unless its argument passes the test for one of the values."""
    n = len(values)
    steps = [_step(EQUAL, CALLS[name][machine_index()], 0, n + 3), _step(LOAD, 16 + 8 * index)]
    steps += [_step(test, value, n - i, 0) for i, value in enumerate(values)]
    return [*steps, _step(RETURN, ALLOW), _step(RETURN, EPERM)]


def _argument(name: str, index: int, test: int, value: int) -> list[bytes]:
    """Allow the call only if its argument passes the test."""
    return [
        _step(EQUAL, CALLS[name][machine_index()], 0, 4),
        _step(LOAD, 16 + 8 * index),
        _step(test, value, 1, 0),
        _step(RETURN, EPERM),
        _step(RETURN, ALLOW),
    ]
