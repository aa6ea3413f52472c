"""Look at a run from outside while somebody works on it: nothing is locked, nothing is written."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from math import inf

from ratchet import journal
from ratchet.climb import climb_of
from ratchet.journal import Event, latest_study
from ratchet.limits import since_gain
from ratchet.lock import holder_pid
from ratchet.records import Experiment
from ratchet.runs import Run
from ratchet.tables import summary_line
from ratchet.views.notice import Notice, read_notice
from ratchet.views.sketch import KEY, sketch
from ratchet.words import experiment_line, number_text

PATIENCE_S = 2.0  # between two experiments of an agent's own loop nobody works on the run, for a moment
MIN_HEIGHT, MAX_HEIGHT = 6, 18  # rows of the plot
AROUND = 7  # rows that are not the plot or the last experiments: title, key, what is done now, limits, blanks


@dataclass(frozen=True, slots=True)
class Sight:
    """What can be seen of a run at one moment."""

    run: Run
    events: Sequence[Event] = field(default_factory=list)
    history: Sequence[Experiment] = field(default_factory=list)
    worker: int | None = None
    notice: Notice | None = None
    version: str = ""
    at: float = 0.0


class Watcher:
    """Sees a run again and again; reads the journal only when it has grown."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._seen = Sight(run)
        self._busy_at = time.monotonic()

    def look(self) -> Sight:
        """Return what there is to see now. Raises RatchetError where the journal cannot be read."""
        version = self._version()
        events, history = self._seen.events, self._seen.history
        if version != self._seen.version:
            events = journal.read_events(self._run.journal)
            history = journal.experiments(events)
        worker = holder_pid(self._run.folder / "lock")
        if worker is not None:
            self._busy_at = time.monotonic()
        notice = read_notice(self._run) if worker is not None else None
        self._seen = Sight(self._run, events, history, worker, notice, version, time.time())
        return self._seen

    @property
    def is_quiet(self) -> bool:
        """Nobody has worked on the run for a while."""
        return time.monotonic() - self._busy_at > PATIENCE_S

    def _version(self) -> str:
        try:
            found = self._run.journal.stat()
        except OSError:
            return ""
        return f"{found.st_size}-{found.st_mtime_ns}"


def now_text(sight: Sight) -> str:
    """Say what is being done, and for how long."""
    if sight.worker is None:
        return "nobody is working on it"
    if sight.notice is None:
        return f"process {sight.worker} is working on it"
    return f"{sight.notice.text} ({max(0.0, sight.at - sight.notice.since):.0f} s)"


def limits_text(sight: Sight) -> str:
    """Say how far the loop is on its way to each of its limits; empty where no loop is running."""
    notice = sight.notice
    if notice is None or notice.first_n is None:
        return ""
    limits, tried = notice.limits, [old for old in sight.history if old.n >= (notice.first_n or 0)]
    told = [f"{sum(old.n > 0 for old in tried)} of {limits.n} experiments"] if limits.n else []
    if limits.patience:
        told.append(f"{since_gain(tried)} of {limits.patience} without a gain")
    if limits.until is not None:
        told.append(f"until {sight.run.desk.config.metric.name} is {number_text(limits.until)}")
    if limits.minutes < inf and notice.started is not None:
        told.append(f"{(sight.at - notice.started) / 60:.1f} of {limits.minutes:g} minutes")
    return "limits: " + ", ".join(told) if told else ""


def lines_of(sight: Sight, width: int, height: int) -> list[str]:
    """Return the sight as lines for a terminal of that size: title, climb, last experiments, now, limits."""
    config = sight.run.desk.config
    head = [f"run {sight.run.tag}: {summary_line(sight.history, config)}", ""]
    tail = [f"now: {now_text(sight)}", *filter(None, [limits_text(sight)])]
    if not sight.history:
        return [*head, *tail]
    room = max(1, min(8, height - AROUND - MAX_HEIGHT)) if height > AROUND + MIN_HEIGHT + 1 else 1
    event = latest_study(sight.events, "placebo")
    climb = climb_of(sight.history, config, event["answer"] if event else None)
    plot = sketch(climb, width, max(MIN_HEIGHT, min(MAX_HEIGHT, height - AROUND - room)))
    last = [experiment_line(old, config.metrics) for old in sight.history[-room:]]
    return [*head, *plot, KEY, "", *last, "", *tail]
