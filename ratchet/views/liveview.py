"""The live view of a run in a terminal, drawn with rich."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING

import click

from ratchet.views import keyboard, sketch
from ratchet.views.watching import Watcher, lines_of

if TYPE_CHECKING:
    from rich.text import Text

EVERY_S = 0.25  # between two looks
PIPE_WIDTH, PIPE_HEIGHT = 100, 30  # where there is no terminal to ask
STYLES = {
    f"[{sketch.KEPT}{sketch.LEVEL}{sketch.RISER}]": "bold green",
    f"[{sketch.FAILED}]": "red",
    r"^now: .*": "bold",
    r"\| KEPT\b.*": "green",
    r"^run \S+:": "bold",
}


def show_once(watcher: Watcher) -> None:
    """Print the state of a run as plain text."""
    click.echo("\n".join(lines_of(watcher.look(), PIPE_WIDTH, PIPE_HEIGHT)))


def follow(watcher: Watcher, *, is_keeping: bool) -> None:
    """Show a run until nobody works on it any more, or a person presses q or Ctrl-C."""
    if not sys.stdout.isatty():
        show_once(watcher)
        return
    from rich.console import Console  # a tenth of a second that other commands need not wait for
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
