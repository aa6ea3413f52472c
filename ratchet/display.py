"""The table of a run on the screen, drawn with rich."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from ratchet.records import Experiment, Verdict
from ratchet.schema import Config
from ratchet.tables import screen_columns, screen_rows

PIPE_WIDTH = 160  # characters, where there is no terminal to ask
WIDE = 110  # characters; a narrower terminal has no room for
SPARE = ("vs base", "strategy")
TEXTS = ("verdict", "strategy", "description")  # the last may take several lines
STYLES = {Verdict.KEEP: "bold green", Verdict.BASELINE: "bold", Verdict.DISCARD: "dim"}


def print_table(history: Sequence[Experiment], config: Config, *, with_audit: bool = False) -> None:
    """Print the table of these experiments on stdout."""
    from rich import box
    from rich.console import Console  # rich takes a tenth of a second to load: only when a table is drawn
    from rich.table import Table
    from rich.text import Text

    console = Console(width=None if sys.stdout.isatty() else PIPE_WIDTH)
    columns, rows = screen_columns(config, with_audit=with_audit), screen_rows(history, config, with_audit=with_audit)
    spare = SPARE if console.width < WIDE else ()
    used = [index for index, column in enumerate(columns) if any(row[index] for row in rows) and column not in spare]
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    for index in used:
        is_text = columns[index] in TEXTS
        table.add_column(columns[index], justify="left" if is_text else "right", no_wrap=columns[index] != TEXTS[-1])
    for experiment, row in zip(history, rows, strict=True):
        table.add_row(*(Text(row[index]) for index in used), style=STYLES.get(experiment.verdict, "yellow"))
    console.print(table)
