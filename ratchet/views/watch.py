"""The live view of a run in a terminal. It only reads: it takes no lock and writes no file."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from math import inf
from typing import TYPE_CHECKING

import click

from ratchet.core.records import Experiment
from ratchet.core.stop_rules import since_gain
from ratchet.core.table import summary_line
from ratchet.core.text import experiment_line, number_text
from ratchet.repo import journal
from ratchet.repo.journal import Event
from ratchet.repo.run import Run
from ratchet.views import charts, keyboard
from ratchet.views.axes import climb_in
from ratchet.views.charts import KEY, sketch
from ratchet.views.terminal import Notice, read_notice

if TYPE_CHECKING:
    from rich.text import Text

PATIENCE_S = 2.0  # the lock is free for a moment between two `ratchet step` of an agent
MIN_HEIGHT, MAX_HEIGHT = 6, 18  # rows of the plot
AROUND = 7  # rows besides the plot and the last experiments: title, legend, current activity, limits, blanks


@dataclass(frozen=True, slots=True)
class Sight:
    """The state of a run at one moment."""

    run: Run
    events: Sequence[Event] = field(default_factory=list)
    history: Sequence[Experiment] = field(default_factory=list)
    worker: int | None = None
    notice: Notice | None = None
    version: str = ""
    at: float = 0.0


class Watcher:
    """Reads the state of a run repeatedly. It parses the journal only when the file has changed."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._seen = Sight(run)
        self._busy_at = time.monotonic()

    def look(self) -> Sight:
        """Return the current state. Raises RatchetError if the journal cannot be read."""
        version = self._version()
        events, history = self._seen.events, self._seen.history
        if version != self._seen.version:
            events = journal.read_events(self._run.journal)
            history = journal.experiments(events)
        worker = self._run.holder_pid()
        if worker is not None:
            self._busy_at = time.monotonic()
        notice = read_notice(self._run) if worker is not None else None
        self._seen = Sight(self._run, events, history, worker, notice, version, time.time())
        return self._seen

    @property
    def is_quiet(self) -> bool:
        """No process has worked on the run for a while."""
        return time.monotonic() - self._busy_at > PATIENCE_S

    def _version(self) -> str:
        try:
            found = self._run.journal.stat()
        except OSError:
            return ""
        return f"{found.st_size}-{found.st_mtime_ns}"


def now_text(sight: Sight) -> str:
    """Return the current activity and its duration."""
    if sight.worker is None:
        return "no process is working on the run"
    if sight.notice is None:
        return f"process {sight.worker or '?'} is working on the run"
    return f"{sight.notice.text} ({max(0.0, sight.at - sight.notice.since):.0f} s)"


def limits_text(sight: Sight) -> str:
    """Return the progress to each limit of the loop, or "" if no loop is running."""
    notice = sight.notice
    if notice is None or notice.first_n is None:
        return ""
    limits, tried = notice.limits, [old for old in sight.history if old.n >= (notice.first_n or 0)]
    parts = [f"{sum(old.n > 0 for old in tried)} of {limits.n} experiments"] if limits.n else []
    if limits.patience:
        parts.append(f"{since_gain(tried)} of {limits.patience} without a gain")
    if limits.until is not None:
        parts.append(f"until {sight.run.worktree.config.metric.name} is {number_text(limits.until)}")
    if limits.minutes < inf and notice.started is not None:
        parts.append(f"{(sight.at - notice.started) / 60:.1f} of {limits.minutes:g} minutes")
    return "limits: " + ", ".join(parts) if parts else ""


def lines_of(sight: Sight, width: int, height: int) -> list[str]:
    """Return the state as lines for a terminal of this size: title, plot, last experiments, activity, limits."""
    config = sight.run.worktree.config
    head = [f"run {sight.run.tag}: {summary_line(sight.history, config)}", ""]
    tail = [f"now: {now_text(sight)}", *filter(None, [limits_text(sight)])]
    if not sight.history:
        return [*head, *tail]
    n_last = max(1, min(8, height - AROUND - MAX_HEIGHT)) if height > AROUND + MIN_HEIGHT + 1 else 1
    plot = sketch(
        climb_in(sight.events, sight.history, config), width, max(MIN_HEIGHT, min(MAX_HEIGHT, height - AROUND - n_last))
    )
    last = [experiment_line(old, config.metrics) for old in sight.history[-n_last:]]
    return [*head, *plot, KEY, "", *last, "", *tail]


EVERY_S = 0.25  # between two updates
PIPE_WIDTH, PIPE_HEIGHT = 100, 30  # when stdout is no terminal
STYLES = {
    f"[{charts.KEPT}{charts.LEVEL}{charts.RISER}]": "bold green",
    f"[{charts.FAILED}]": "red",
    r"^now: .*": "bold",
    r"\| KEPT\b.*": "green",
    r"^run \S+:": "bold",
}


def show_once(watcher: Watcher) -> None:
    """Print the state of a run as plain text."""
    click.echo("\n".join(lines_of(watcher.look(), PIPE_WIDTH, PIPE_HEIGHT)))


def follow(watcher: Watcher, *, is_keeping: bool) -> None:
    """Show a run until no process works on it, or the user presses q or Ctrl-C."""
    if not sys.stdout.isatty():
        show_once(watcher)
        return
    from rich.console import Console  # imported here because it takes 0.1 s
    from rich.live import Live

    console = Console()
    with (
        contextlib.suppress(KeyboardInterrupt),
        keyboard.listening() as next_key,
        Live(console=console, auto_refresh=False, vertical_overflow="crop") as live,
    ):
        is_over = False
        while not is_over:
            width, height = console.size
            live.update(_styled(lines_of(watcher.look(), width, height - 1)), refresh=True)
            is_over = (watcher.is_quiet and not is_keeping) or next_key(EVERY_S).lower() == "q"


def _styled(lines: Iterable[str]) -> Text:
    from rich.text import Text

    text = Text(no_wrap=True, overflow="ellipsis")
    for line in lines:
        row = Text(line)
        for pattern, style in STYLES.items():
            row.highlight_regex(pattern, style)
        text.append_text(row).append("\n")
    return text
