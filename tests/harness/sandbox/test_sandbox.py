"""What the sandbox stops, tried from inside, and the modules for the two systems that cannot be run here."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.harness import probe_level, summarize
from harness.sandbox import audit_hook, macos, self_test
from harness.sandbox.policy import TABLES_IN_PACKAGES, Policy, carved
from harness.sandbox.syscalls import CALLS, DENIED, machine_index
from harness.workers.pool import Runner
from tests.harness.workers.test_pool import run

linux = pytest.mark.skipif(sys.platform != "linux", reason="the Linux guard")


@pytest.fixture(scope="module")
def runner(warm_runner: Runner) -> Runner:
    return warm_runner


@linux
def test_the_probe_finds_everything_enforced(runner: Runner, tmp_path: Path) -> None:
    secret = tmp_path / "table.csv"
    secret.write_text("x")
    level = probe_level(runner, secret)
    assert level.startswith("files=kernel network=kernel processes=kernel memory=kernel")


def test_what_gets_through_is_reported() -> None:
    stopped = dict.fromkeys(self_test.ATTEMPTS, True)
    assert summarize(stopped, "kernel") == "files=kernel network=kernel processes=kernel memory=kernel traces=kernel"
    assert "NOT ENFORCED: network" in summarize({**stopped, "connect": False}, "kernel")
    assert summarize({}, "kernel").count("NOT ENFORCED") == len(self_test.GROUPS)


@linux
@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() != 0, reason="only root has capabilities")
def test_capabilities_that_were_not_dropped_are_found() -> None:
    self_test.ATTEMPTS["keep_capabilities"]({})  # raises nothing: this process has some


def test_every_attempt_belongs_to_a_group() -> None:
    assert sorted(name for names in self_test.GROUPS.values() for name in names) == sorted(self_test.ATTEMPTS)


def test_tables_inside_packages_are_not_readable() -> None:
    policy = [Path(path) for path in carved()]
    import sklearn

    package = Path(sklearn.__file__).parent
    table = package / "datasets" / "data" / "breast_cancer.csv"
    assert table.exists()
    assert not any(table.is_relative_to(folder) for folder in policy)
    assert any((package / "datasets" / "__init__.py").is_relative_to(folder) for folder in policy)
    assert "sklearn/datasets/data" in TABLES_IN_PACKAGES


LINKED = """
import sys, sysconfig, tempfile
tempfile.tempdir = sys.argv[2]  # both rulesets allow it
sysconfig.get_path = lambda name, vars=None, folder=sys.argv[1]: folder if vars is None else folder + "/none"
sys.path[:0] = [{root!r}]
from harness.sandbox import linux
from harness.sandbox.policy import KernelLimits, Policy, readable
allowed, refused = sys.argv[3:][:{n}], sys.argv[3:][{n}:]
linux.landlock(Policy(readable(), sys.argv[2]))
print([open(path).read() for path in allowed])
for path in refused:
    try:
        print("open to reading:", open(path).read(), path)
    except PermissionError:
        print("refused")
"""


@linux
@pytest.mark.parametrize("way", ["a folder of another name", "relative links to files"])
def test_tables_of_linked_packages_are_not_readable_whatever_is_a_link(tmp_path: Path, way: str) -> None:
    site, store = tmp_path / "site", tmp_path / "store" / "sklearn-1.9"
    module, table = "datasets/__init__.py", "datasets/data/labels.csv"
    for path in (store / module, store / table):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
    if way == "a folder of another name":
        site.mkdir()
        (site / "sklearn").symlink_to(store)
    else:
        (site / "sklearn/datasets/data").mkdir(parents=True)
        for name in (module, table):
            link = site / "sklearn" / name
            link.symlink_to(os.path.relpath(store / name, link.parent))
    assert open_in_sandbox(tmp_path, site, [], [site / "sklearn" / table, store / table]) == ["[]", *["refused"] * 2]


@linux
def test_packages_that_are_links_into_a_cache_are_readable_and_nothing_beside_them(tmp_path: Path) -> None:
    cache, site = tmp_path / "cache", tmp_path / "site"
    for name in ("one/pack/__init__.py", "one/pack/deep/inner.py", "one/single.py", "two/other/__init__.py"):
        make_link(site / name.partition("/")[2], cache / name)
    make_link(site / "sklearn/__init__.py", cache / "three/sklearn/__init__.py")
    make_link(site / "sklearn/datasets/data/labels.csv", cache / "three/sklearn/datasets/data/labels.csv")
    foreign = [cache / "four/foreign.py", cache / "one/beside.txt", cache / "three/sklearn/datasets/data/labels.csv"]
    for path in foreign:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
    allowed = [site / name for name in ("pack/__init__.py", "pack/deep/inner.py", "single.py", "other/__init__.py")]
    assert open_in_sandbox(tmp_path, site, allowed, foreign) == [str(["x"] * 4), "refused", "refused", "refused"]


def open_in_sandbox(tmp_path: Path, site: Path, allowed: list[Path], refused: list[Path]) -> list[str]:
    """Return what a process says that opens these files, with `site` as the folder of its packages."""
    work = tmp_path / "work"
    work.mkdir()
    program = LINKED.format(root=str(Path(__file__).resolve().parents[3]), n=len(allowed))
    command = [sys.executable, "-c", program, str(site), str(work), *map(str, [*allowed, *refused])]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()


def make_link(link: Path, target: Path) -> None:
    for path in (link, target):
        path.parent.mkdir(parents=True, exist_ok=True)
    target.write_text("x")
    link.symlink_to(target)


def raw(name: str, arguments: str) -> str:
    """Make a system call that Python has no name for."""
    number = CALLS[name][machine_index() if sys.platform == "linux" else 0]
    return f"import ctypes\nif ctypes.CDLL(None).syscall({number}, {arguments}) < 0: raise OSError({name!r})"


def own_socket(number: int) -> str:
    """Make the harness the owner of the worker's socket: it would get a signal with each message."""
    return (
        "import fcntl, os\n"
        "links = {int(fd): os.path.realpath('/proc/self/fd/' + fd) for fd in os.listdir('/proc/self/fd')}\n"
        "line = next((fd for fd, link in links.items() if 'socket:' in link), None)\n"
        "assert line is not None\n"
        f"fcntl.ioctl(line, {number}, os.getppid().to_bytes(4, 'little'))"
    )


@linux
@pytest.mark.parametrize(
    "body",
    [
        "open('/etc/passwd').read()",
        "import pandas as pd; pd.read_csv('/etc/passwd')",
        "import numpy as np; np.fromfile('/etc/passwd', dtype='u1')",
        "import os; os.listdir('/home')",
        "import os; os.open('/proc/1/cmdline', os.O_RDONLY)",
        "import sklearn.datasets as d; d.load_breast_cancer(as_frame=True)",
        "import socket; socket.socket()",
        "import socket; socket.socketpair()",
        "import ctypes\nif ctypes.CDLL(None).bind(0, b'\\1\\0\\0name', 7) < 0: raise PermissionError('bind')",
        "open('/proc/self/net/unix')",
        "open('/proc/thread-self/net/unix')",
        "open('/proc/self/task/' + str(__import__('os').getpid()) + '/net/unix')",
        "open('/proc/stat')",
        "open('/proc/loadavg')",
        raw("sysinfo", "bytes(256)"),
        "import fcntl; fcntl.fcntl(open(fcntl.__file__, 'rb'), 1036, bytes(8))",
        "import os, numpy; os.posix_fadvise(os.open(numpy.__file__, os.O_RDONLY), 0, 0, os.POSIX_FADV_DONTNEED)",
        "import os, time; time.clock_gettime(~os.getppid() << 3 | 2)",
        "import subprocess; subprocess.run(['/bin/true'])",
        "import os; os.kill(os.getppid(), 0)",
        "import os; os.kill(os.getpid(), 9)",
        "import signal, threading; signal.pthread_kill(threading.get_ident(), 9)",
        raw("timer_create", "1, bytes(8) + bytes([9]) + bytes(55), bytes(8)"),
        "import os; os.chmod('.', 0o777)",
        "import os; os.utime('.', (1, 1))",
        "import os; os.setxattr('.', 'user.a', b'x')",
        "import resource; resource.setrlimit(resource.RLIMIT_CPU, (10**6, 10**6))",
        "import fcntl, os; fcntl.fcntl(0, fcntl.F_SETOWN, os.getppid())",
        own_socket(0x8901),
        own_socket(0x8902),
        "import fcntl; f = open('a', 'w'); fcntl.lockf(f, fcntl.LOCK_EX)",
        "import os; os.memfd_create('x')",
        "import ctypes, os\nif ctypes.CDLL(None).ptrace(16, os.getppid(), 0, 0) < 0: raise OSError('ptrace')",
        "import ctypes\nif ctypes.CDLL(None).shmget(1, 4096, 0o1666) < 0: raise OSError('shmget')",
        "import ctypes\nif ctypes.CDLL(None).shmctl(0, 14, bytes(256)) < 0: raise OSError('shmctl')",
        "import ctypes\nif ctypes.CDLL(None).prctl(1, 0, 0, 0, 0) < 0: raise OSError('prctl')",
        raw("sched_setattr", "0, bytes(48), 0"),
        raw("futex", "bytes(4), 1, 1"),  # wakes whoever waits on the same page, in whatever process
        raw("landlock_create_ruleset", "0, 0, 1"),
        "from multiprocessing import shared_memory; shared_memory.SharedMemory(create=True, size=16)",
        "open('/dev/shm/x', 'w')",
        "open('/tmp/left-by-a-fold', 'w')",
    ],
)
def test_the_guard_stops(runner: Runner, body: str) -> None:
    reason = run(runner, body).reason
    assert reason.startswith(
        ("PermissionError", "OSError", "FileNotFoundError", "ModuleNotFoundError", "ValueError: not allowed")
    ), reason
    assert not Path("/tmp/left-by-a-fold").exists()


@linux
@pytest.mark.parametrize(
    "body",
    [
        "import tempfile; tempfile.NamedTemporaryFile().write(b'x')",
        "import threading; t = threading.Thread(target=print); t.start(); t.join()",
        "import os; os.kill(os.getpid(), 0)",
        "import os, signal; signal.signal(signal.SIGTERM, print); os.kill(os.getpid(), signal.SIGTERM)",
        "import psutil; assert psutil.virtual_memory().total",
        "open('a', 'wb').write(bytes(64 << 20))\nfirst = open('/proc/meminfo').read()\n"
        "open('b', 'wb').write(bytes(64 << 20))\nassert first == open('/proc/meminfo').read()",
        "import time; time.process_time(); time.thread_time(); time.sleep(0.001)",
        "import ctypes; ctypes.CDLL(None).prctl(15, b'a name', 0, 0, 0)",
        "import psutil; p = psutil.Process(); p.memory_full_info(); p.cpu_times(); p.num_threads()",
        "import os\nlinks = map(os.path.realpath, ['/proc/self/fd/' + fd for fd in os.listdir('/proc/self/fd')])\n"
        "assert not any('landlock' in link for link in links)",
        "from sklearn.ensemble import RandomForestClassifier as R; R(5, n_jobs=-1).fit(X, range(len(X)))",
        "import lightgbm, xgboost, scipy.stats, flaml",
        "import os; os.cpu_count(); open('/proc/self/status').read(); open('a', 'w').write('x'); os.rename('a', 'b')",
    ],
)
def test_the_guard_lets_honest_work_pass(runner: Runner, body: str) -> None:
    assert run(runner, body).reason == ""


def test_no_system_call_is_both_denied_and_needed() -> None:
    assert len(DENIED) == len(set(DENIED))
    assert {"socket", "socketpair", "bind", "execve", "ptrace", "io_uring_setup", "landlock_add_rule"} <= set(DENIED)
    assert not {"clone", "fcntl", "futex", "prctl"} & set(DENIED)
    assert all(len(numbers) == 2 for numbers in CALLS.values())


def test_the_macos_profile_denies_first_and_quotes_paths() -> None:
    profile = macos.profile(Policy(read=('/opt/a "b"',), write="/opt/fold"))
    assert profile.index("(deny network*)") < profile.index("(allow file-read*")
    assert '(subpath "/opt/a \\"b\\"")' in profile
    assert profile.count("(") == profile.count(")")


def test_the_advisory_hook_refuses_and_allows(tmp_path: Path) -> None:
    inside, outside = tmp_path / "in", tmp_path / "out"
    refuse: Callable[[str, tuple[object, ...]], None] = audit_hook.hook(Policy(read=(), write=str(inside)))
    refuse("open", (str(inside / "a"), "w", 0))
    refuse("compile", (None, None))
    with pytest.raises(PermissionError, match="sandbox: opening"):
        refuse("open", (str(outside / "a"), "r", 0))
    with pytest.raises(PermissionError, match="sandbox: opening"):
        refuse("open", (str(inside / ".." / "out"), "r", 0))
    with pytest.raises(PermissionError, match=r"socket\.connect"):
        refuse("socket.connect", (None, ("127.0.0.1", 1)))
