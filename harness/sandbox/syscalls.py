"""The numbers of the system calls that the Linux guard speaks of: name -> (x86_64, aarch64), -1 where there is none."""

from __future__ import annotations

import platform
from functools import cache

CALLS: dict[str, tuple[int, int]] = {
    "landlock_create_ruleset": (444, 444),
    "landlock_add_rule": (445, 445),
    "landlock_restrict_self": (446, 446),
    "capset": (126, 91),
    "clone": (56, 220),
    "clone3": (435, 435),
    "prlimit64": (302, 261),
    "fcntl": (72, 25),
    "kill": (62, 129),
    "tgkill": (234, 131),
    "mount_setattr": (442, 442),
    # network, and the rings by which one gets network and files past a filter
    "socket": (41, 198),
    "io_uring_setup": (425, 425),
    # processes and programs
    "fork": (57, -1),
    "vfork": (58, -1),
    "execve": (59, 221),
    "execveat": (322, 281),
    # signals to others, and other processes' memory and handles
    "tkill": (200, 130),
    "rt_sigqueueinfo": (129, 138),
    "rt_tgsigqueueinfo": (297, 240),
    "pidfd_send_signal": (424, 424),
    "pidfd_open": (434, 434),
    "pidfd_getfd": (438, 438),
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "process_madvise": (440, 440),
    # the kernel's own machinery
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "keyctl": (250, 219),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "reboot": (169, 142),
    "init_module": (175, 105),
    "finit_module": (313, 273),
    # mounts and namespaces
    "mount": (165, 40),
    "umount2": (166, 39),
    "open_tree": (428, 428),
    "move_mount": (429, 429),
    "fsopen": (430, 430),
    "fsmount": (432, 432),
    "fspick": (433, 433),
    "unshare": (272, 97),
    "setns": (308, 268),
    "chroot": (161, 51),
    "pivot_root": (155, 41),
    # memory that outlives the process or escapes its count
    "shmget": (29, 194),
    "semget": (64, 190),
    "msgget": (68, 186),
    "mq_open": (240, 180),
    "memfd_create": (319, 279),
    "memfd_secret": (447, 447),
    # marks on files, which Landlock does not see
    "chmod": (90, -1),
    "fchmod": (91, 52),
    "fchmodat": (268, 53),
    "fchmodat2": (452, 452),
    "chown": (92, -1),
    "lchown": (94, -1),
    "fchown": (93, 55),
    "fchownat": (260, 54),
    "utime": (132, -1),
    "utimes": (235, -1),
    "futimesat": (261, -1),
    "utimensat": (280, 88),
    "setxattr": (188, 5),
    "lsetxattr": (189, 6),
    "fsetxattr": (190, 7),
    "removexattr": (197, 14),
    "lremovexattr": (198, 15),
    "fremovexattr": (199, 16),
    "setxattrat": (463, 463),
    "removexattrat": (466, 466),
    "file_setattr": (469, 469),
    "truncate": (76, 45),
    "flock": (73, 32),
    "open_by_handle_at": (304, 265),
    "fanotify_init": (300, 262),
    "inotify_add_watch": (254, 27),
    # its own limits and place on the processor
    "setrlimit": (160, 164),
    "sched_setaffinity": (203, 122),
    "sched_setscheduler": (144, 119),
    "setpriority": (141, 140),
    "ioprio_set": (251, 30),
}
CONDITIONAL = {"clone", "clone3", "prlimit64", "fcntl", "kill", "tgkill"}
ENTRANCE = {"landlock_create_ruleset", "landlock_add_rule", "landlock_restrict_self", "capset"}
DENIED = tuple(name for name in CALLS if name not in CONDITIONAL | ENTRANCE)


@cache
def machine_index() -> int:
    """Return this processor's column. Raises OSError on one that the table does not hold."""
    try:
        return ("x86_64", "aarch64").index(platform.machine())
    except ValueError:
        raise OSError(0, f"no table of system calls for {platform.machine()}") from None
