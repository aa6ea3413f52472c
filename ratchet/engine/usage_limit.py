"""Wait until the usage limit of an agent ends: until the time that its message names, else longer and longer.

A try that ended at such a limit is no experiment.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from ratchet.core.spending import reset_time

if TYPE_CHECKING:
    from ratchet.engine.loop import Screen
    from ratchet.engine.signals import Stopper

FIRST_WAIT = timedelta(minutes=1)  # doubled with every further wait in a row
LONGEST_WAIT = timedelta(minutes=30)
TRUSTED = 3  # times in a row that a named time is believed, though it did not help
MARGIN = timedelta(seconds=30)  # after the named time, since clocks differ
LOOK_S = 1.0


def end_of_wait(message: str, n_waits: int, now: datetime) -> datetime:
    """Return when to try again after the limit was met for the n-th time in a row. Pure."""
    named, backoff = reset_time(message, now), now + min(FIRST_WAIT * 2.0 ** min(n_waits - 1, 10), LONGEST_WAIT)
    if named is None:
        return backoff
    return named + MARGIN if n_waits <= TRUSTED else max(named + MARGIN, backoff)


def wait_for_limit(message: str, n_waits: int, *, screen: Screen, stopper: Stopper, minutes_left: float) -> None:
    """Show what is waited for, and wait until then, or until the loop has no minutes left or is asked to stop."""
    now = datetime.now(UTC).astimezone()
    end = end_of_wait(message, n_waits, now)
    minutes = max(0.0, (end - now).total_seconds() / 60)
    screen.say(
        f"usage limit: {message.rstrip('.')}. Waiting until {end:%b %d %H:%M} ({minutes:.0f} minutes), "
        "then trying again; this try is no experiment. Ctrl-C stops"
    )
    last = time.time() + 60 * min(minutes, minutes_left)
    while time.time() < last and not stopper.is_asked() and not stopper.is_asked_now():
        time.sleep(min(LOOK_S, max(0.0, last - time.time())))
