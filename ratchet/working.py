"""Work on a run: take its lock, get what measures ready, hand out a session, and leave nothing behind."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from ratchet import lock
from ratchet.experiment import Session
from ratchet.loop import Screen
from ratchet.measuring import CommandMeasurer, Measurer
from ratchet.runs import Run
from ratchet.serving import ServerMeasurer


@contextlib.contextmanager
def work_on(
    run: Run,
    what: str,
    *,
    screen: Screen,
    should_stop: Callable[[], bool] = lambda: False,
    is_loud: bool = False,
) -> Iterator[Session]:
    """Hold the run's lock and yield a session. Raises RatchetError when somebody else holds it."""
    with lock.hold(run.folder / "lock", what):
        measurer = measurer_of(run, should_stop, is_loud=is_loud)
        try:
            session = Session(run, measurer, now=now, progress=screen.progress, say=screen.say, should_stop=should_stop)
            try:
                yield session
            finally:
                session.note_wish()
        finally:
            measurer.close()


def measurer_of(run: Run, should_stop: Callable[[], bool], *, is_loud: bool = False) -> Measurer:
    """Return what measures in this run: its server where the config has one, else its command."""
    if run.desk.config.serve:
        return ServerMeasurer(run, should_stop, is_loud=is_loud)
    return CommandMeasurer(run, should_stop)


def now() -> datetime:
    """Return this moment, in UTC."""
    return datetime.now(UTC)
