"""CPU seconds are counted for the whole process tree, alive or ended, and what is aside is not on the account."""

from __future__ import annotations

import subprocess
import sys

from benchmarks.clock import Clock, tree_cpu_s

SPIN = "import time\nwhile time.process_time() < 0.3: pass\n"


def test_children_count_while_they_live_and_after_they_ended() -> None:
    before = tree_cpu_s()
    with subprocess.Popen([sys.executable, "-c", SPIN + "print(flush=True); input()"], stdin=-1, stdout=-1) as child:
        assert child.stdout is not None
        child.stdout.readline()
        alive = tree_cpu_s() - before
        child.communicate(b"\n")
    ended = tree_cpu_s() - before
    assert alive >= 0.28  # the kernel counts in hundredths
    assert 0.28 <= ended < 2.0


def test_what_is_aside_is_not_on_the_account() -> None:
    seconds = iter([10.0, 11.0, 14.0, 15.0])
    clock = Clock(lambda: next(seconds))
    with clock.aside() as spent:
        pass
    assert spent == [3.0]
    assert clock.used_s() == 2.0
