"""The numbers of the system calls in the Linux sandbox: name -> (x86_64, aarch64), -1 if there is none."""

from __future__ import annotations

import platform
from functools import cache

_TABLE = """
# calls with a rule of their own
clone 56 220, clone3 435 435, prlimit64 302 261, fcntl 72 25, kill 62 129, tgkill 234 131, prctl 157 167, ioctl 16 29,
futex 202 98, clock_gettime 228 113, clock_nanosleep 230 115
# calls that change the sandbox
landlock_create_ruleset 444 444, landlock_add_rule 445 445, landlock_restrict_self 446 446, capset 126 91,
mount_setattr 442 442
# network, sockets whose names others can read, and io_uring, which would bypass the filter
socket 41 198, socketpair 53 199, bind 49 200, connect 42 203, listen 50 201, accept 43 202, accept4 288 242,
sendto 44 206, sendmsg 46 211, sendmmsg 307 269, recvmsg 47 212, recvmmsg 299 243, io_uring_setup 425 425,
io_uring_enter 426 426, io_uring_register 427 427
# processes and programs
fork 57 -1, vfork 58 -1, execve 59 221, execveat 322 281
# signals to others, and the memory and handles of other processes
tkill 200 130, rt_sigqueueinfo 129 138, rt_tgsigqueueinfo 297 240, pidfd_send_signal 424 424, pidfd_open 434 434,
pidfd_getfd 438 438, ptrace 101 117, process_vm_readv 310 270, process_vm_writev 311 271, process_madvise 440 440,
process_mrelease 448 448, kcmp 312 272
# timers that may send SIGKILL
timer_create 222 107
# administration of the kernel
bpf 321 280, perf_event_open 298 241, userfaultfd 323 282, keyctl 250 219, add_key 248 217, request_key 249 218,
syslog 103 116, reboot 169 142, init_module 175 105, finit_module 313 273
# mounts and namespaces
mount 165 40, umount2 166 39, open_tree 428 428, move_mount 429 429, fsopen 430 430, fsmount 432 432, fspick 433 433,
unshare 272 97, setns 308 268, chroot 161 51, pivot_root 155 41
# shared memory, semaphores and queues, which outlive the process or are not counted as its memory
shmget 29 194, shmat 30 196, shmctl 31 195, semget 64 190, semop 65 193, semtimedop 220 192, semctl 66 191,
msgget 68 186, msgsnd 69 189, msgrcv 70 188, msgctl 71 187, mq_open 240 180, mq_unlink 241 181, memfd_create 319 279,
memfd_secret 447 447
# metadata of files, which Landlock does not control
chmod 90 -1, fchmod 91 52, fchmodat 268 53, fchmodat2 452 452, chown 92 -1, lchown 94 -1, fchown 93 55,
fchownat 260 54, utime 132 -1, utimes 235 -1, futimesat 261 -1, utimensat 280 88, setxattr 188 5, lsetxattr 189 6,
fsetxattr 190 7, removexattr 197 14, lremovexattr 198 15, fremovexattr 199 16, setxattrat 463 463,
removexattrat 466 466, file_setattr 469 469, truncate 76 45, flock 73 32, open_by_handle_at 304 265,
fanotify_init 300 262, inotify_add_watch 254 27
# the page cache, which shows what others have read; and waiting on a page that others map
mincore 27 232, cachestat 451 451, fadvise64 221 223, readahead 187 213, preadv2 327 286, futex_waitv 449 449,
futex_wake 454 454, futex_wait 455 455, futex_requeue 456 456, set_tid_address 218 96
# memory, load and number of processes of the machine, in which one worker could read what another uses
sysinfo 99 179
# limits, priority and processor of the process, which others can read
setrlimit 160 164, sched_setaffinity 203 122, sched_setscheduler 144 119, sched_setparam 142 118,
sched_setattr 314 274, setpriority 141 140, ioprio_set 251 30
"""
_ROWS = [line.strip(" ,").split(", ") for line in _TABLE.splitlines() if line and not line.startswith("#")]
CALLS = {name: (int(x86_64), int(aarch64)) for row in _ROWS for name, x86_64, aarch64 in map(str.split, row)}
CLOCKS = ("clock_gettime", "clock_nanosleep")  # their first argument is a clock
CONDITIONAL = {"clone", "clone3", "prlimit64", "fcntl", "kill", "tgkill", "prctl", "ioctl", "futex", *CLOCKS}
DENIED = tuple(name for name in CALLS if name not in CONDITIONAL)


@cache
def machine_index() -> int:
    """Return the column of this processor in CALLS. Raises OSError if there is none."""
    try:
        return ("x86_64", "aarch64").index(platform.machine())
    except ValueError:
        raise OSError(0, f"the table of system calls has no column for {platform.machine()}") from None
