"""Output for a person: results and tables on stdout, messages on stderr, and progress if stderr is a terminal.

The current activity also stands in a small file, a notice for `ratchet watch`. The file is not part of the record. It
is written without fsync and may be missing or out of date. Use it only while the lock of the run is held.
"""

from __future__ import annotations

import contextlib
import io
import json
import sys
import textwrap
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from math import inf
from typing import TYPE_CHECKING, Any, TextIO

import click

from ratchet.core.config import Config, Metric, Rule
from ratchet.core.records import Experiment, Verdict, one_line
from ratchet.core.stop_rules import Limits
from ratchet.core.table import screen_columns, screen_rows
from ratchet.core.text import experiment_line
from ratchet.repo.files import write_atomic
from ratchet.repo.run import Run
from ratchet.repo.sealing import has_agent_reading

if TYPE_CHECKING:
    from rich.status import Status

NOTICE = "now.json"
PIPE_WIDTH = 160  # characters, if stdout is no terminal
AGENT_WIDTH = 100  # characters, if an agent reads it: each costs a token
WIDE = 110  # characters; a narrower terminal does not show the columns SPARE
SPARE = ("vs base", "strategy")
RULES = tuple(f"under {rule}" for rule in Rule)  # columns of `results --rule`
TEXTS = ("run", "state", "verdict", *RULES, "strategy", "description")  # the last one may wrap
STYLES: Mapping[Verdict | None, str] = {Verdict.KEEP: "bold green", Verdict.BASELINE: "bold", Verdict.DISCARD: "dim"}


@dataclass(frozen=True, slots=True)
class Notice:
    """The current activity, when it began (seconds since 1970), and the limits of the loop.

    `first_n` is the first experiment of the loop and `started` its start time. Both are None without a loop.
    """

    text: str = ""
    since: float = 0.0
    limits: Limits = field(default_factory=Limits)
    first_n: int | None = None
    started: float | None = None


class Board:
    """Writes the current activity of a command that works on a run."""

    def __init__(self, run: Run) -> None:
        self._path = run.folder / NOTICE
        self._loop: dict[str, Any] = {}
        self._is_ours = False

    def begin_loop(self, limits: Limits, first_n: int) -> None:
        """Add the limits of a loop to every later notice."""
        finite = {key: value for key, value in asdict(limits).items() if value not in {None, inf}}
        self._loop = {"limits": finite, "first_n": first_n, "started": time.time()}

    def show(self, text: str) -> None:
        """Replace the notice. A disk error is ignored: the run does not depend on this file."""
        line = json.dumps({"text": one_line(text), "since": time.time(), **self._loop})
        with contextlib.suppress(OSError):
            write_atomic(self._path, line)
            self._is_ours = True

    def clear(self) -> None:
        """Remove the notice if this process wrote it; otherwise it belongs to another process."""
        if not self._is_ours:
            return
        with contextlib.suppress(OSError):
            self._path.unlink(missing_ok=True)


def read_notice(run: Run) -> Notice | None:
    """Return the notice, or None if it is missing or malformed."""
    try:
        data = json.loads((run.folder / NOTICE).read_text("utf-8"))
        return Notice(
            text=one_line(str(data["text"])),
            since=float(data["since"]),
            limits=_limits(data.get("limits") or {}),
            first_n=None if data.get("first_n") is None else int(data["first_n"]),
            started=None if data.get("started") is None else float(data["started"]),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _limits(data: Mapping[str, Any]) -> Limits:
    return Limits(data.get("n"), data.get("patience"), data.get("until"), float(data.get("minutes", inf)))


FAILED = frozenset({Verdict.CRASH, Verdict.TIMEOUT})


def is_lost(experiment: Experiment) -> bool:
    """Say whether a person's edit failed and is no longer in the files."""
    return (
        experiment.n > 0
        and not experiment.agent
        and experiment.verdict in FAILED
        and experiment.commit != experiment.parent
    )


class Terminal:
    """Shows the progress of a run; implements `ratchet.engine.loop.Screen`."""

    def __init__(self, metrics: Sequence[Metric], *, is_live: bool | None = None, board: Board | None = None) -> None:
        self._metrics = metrics
        self._is_live = sys.stderr.isatty() if is_live is None else is_live
        self._board = board
        self._status: Status | None = None
        self._title = ""

    def result(self, experiment: Experiment) -> None:
        """Print the one line of an experiment on stdout, and its warnings on stderr."""
        self._quiet()
        click.echo(experiment_line(experiment, self._metrics))
        for warning in experiment.warnings:
            click.echo(f"iter {experiment.n}: warning: {warning}", err=True)
        if is_lost(experiment):
            n = experiment.n
            click.echo(
                f"your edit is kept as iter {n}: `uv run ratchet edit {n}` puts it back into the files", err=True
            )

    def progress(self, text: str) -> None:
        """Show the current activity on the terminal and in the notice for `ratchet watch`.

        A text that does not begin with an experiment number is shown after the last one that did.
        """
        if text.startswith("iter "):
            self._title = text
        shown = text if text == self._title or not self._title else f"{self._title} ({text})"
        if self._board is not None:
            self._board.show(shown)
        if not self._is_live:
            return
        if self._status is None:
            from rich.console import Console  # imported here because it takes 60 ms

            self._status = Console(stderr=True).status(shown, spinner="line")
            self._status.start()
        self._status.update(shown)

    def say(self, text: str) -> None:
        """Print a message on stderr."""
        self._quiet()
        click.echo(text, err=True)

    def close(self) -> None:
        """Remove the progress line."""
        self._quiet()

    def _quiet(self) -> None:
        if self._status is not None:
            self._status.stop()
            self._status = None
        self._title = ""


def print_table(
    shown: Sequence[Experiment], config: Config, *, history: Sequence[Experiment] = (), with_audit: bool = False
) -> None:
    """Print the table of experiments on stdout. `history` is the whole run, if `shown` is only a part of it."""
    columns = screen_columns(config, with_audit=with_audit)
    rows = screen_rows(shown, history or shown, config, with_audit=with_audit)
    print_rows(columns, rows, [experiment.verdict for experiment in shown])


def fitted(line: str) -> str:
    """Return a line, broken into several where an agent reads it."""
    return textwrap.fill(line, AGENT_WIDTH, subsequent_indent="  ") if has_agent_reading() else line


def load_table() -> None:
    """Import what a table needs, before an agent deletes the Python environment with all other ignored files."""
    print_rows(["n"], [["1"]], [None], io.StringIO())


def print_rows(
    columns: Sequence[str],
    rows: Sequence[Sequence[str]],
    verdicts: Sequence[Verdict | None],
    file: TextIO | None = None,
) -> None:
    """Print rows on stdout or to a file, each in the style of its verdict. Empty columns are left out."""
    from rich import box
    from rich.console import Console  # imported here because rich takes 0.1 s
    from rich.table import Table
    from rich.text import Text

    width = AGENT_WIDTH if has_agent_reading() else PIPE_WIDTH
    console = Console(width=None if sys.stdout.isatty() else width, file=file)
    spare = SPARE if console.width < WIDE else ()
    used = [index for index, column in enumerate(columns) if any(row[index] for row in rows) and column not in spare]
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    for index in used:
        is_text = columns[index] in TEXTS
        table.add_column(columns[index], justify="left" if is_text else "right", no_wrap=columns[index] != TEXTS[-1])
    for verdict, row in zip(verdicts, rows, strict=True):
        table.add_row(*(Text(row[index]) for index in used), style=STYLES.get(verdict, "yellow"))
    console.print(table)
