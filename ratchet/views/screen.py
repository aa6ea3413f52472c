"""The screen of a person: results on stdout, talk and progress on stderr, progress on a terminal alone."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from ratchet.records import Experiment
from ratchet.schema import Metric
from ratchet.views.notice import Board
from ratchet.words import experiment_line

if TYPE_CHECKING:
    from rich.status import Status


class Terminal:
    """Shows a run as it goes; a `ratchet.loop.Screen`."""

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

    def progress(self, text: str) -> None:
        """Show what is going on, here on a terminal and on the board for others.

        A text without a number of its own follows the last that had one.
        """
        if text.startswith("iter "):
            self._title = text
        shown = text if text == self._title or not self._title else f"{self._title} ({text})"
        if self._board is not None:
            self._board.show(shown)
        if not self._is_live:
            return
        if self._status is None:
            from rich.console import Console  # 60 ms that a pipe need not wait for

            self._status = Console(stderr=True).status(shown, spinner="line")
            self._status.start()
        self._status.update(shown)

    def say(self, text: str) -> None:
        """Print a line of talk on stderr."""
        self._quiet()
        click.echo(text, err=True)

    def close(self) -> None:
        """Leave the terminal clean."""
        self._quiet()

    def _quiet(self) -> None:
        if self._status is not None:
            self._status.stop()
            self._status = None
        self._title = ""
