"""class: state from fold to fold
does: leaves marks in the priorities, affinities and limits of its parents
expect: rejected | harmless baseline
"""

import os
import resource

PARENT = os.getppid()
if os.getpriority(os.PRIO_PROCESS, PARENT) == 7 or resource.prlimit(0, resource.RLIMIT_CORE)[1] == 7:
    raise SystemExit("the marks came through")
for mark in (
    lambda: os.setpriority(os.PRIO_PROCESS, PARENT, 7),
    lambda: os.sched_setaffinity(PARENT, {0}),
    lambda: resource.prlimit(PARENT, resource.RLIMIT_CORE, (7, 7)),
    lambda: os.setpriority(os.PRIO_USER, os.getuid(), 7),
):
    try:
        mark()
    except OSError as error:
        print(error)
