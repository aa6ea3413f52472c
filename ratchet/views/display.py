"""The table of a run on the screen, drawn with rich."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence

from ratchet.records import Experiment, Verdict
from ratchet.schema import Config, Rule
from ratchet.tables import screen_columns, screen_rows

PIPE_WIDTH = 160  # characters, where there is no terminal to ask
WIDE = 110  # characters; a narrower terminal has no room for
SPARE = ("vs base", "strategy")
RULES = tuple(f"under {rule}" for rule in Rule)  # columns of a run that is judged again
TEXTS = ("verdict", *RULES, "strategy", "description")  # the last may take several lines
STYLES: Mapping[Verdict | None, str] = {Verdict.KEEP: "bold green", Verdict.BASELINE: "bold", Verdict.DISCARD: "dim"}


def print_table(
    shown: Sequence[Experiment], config: Config, *, history: Sequence[Experiment] = (), with_audit: bool = False
) -> None:
    """Print the table of these experiments on stdout; `history` is all of the run where they are not."""
    columns = screen_columns(config, with_audit=with_audit)
    rows = screen_rows(shown, history or shown, config, with_audit=with_audit)
    print_rows(columns, rows, [experiment.verdict for experiment in shown])


def print_rows(columns: Sequence[str], rows: Sequence[Sequence[str]], verdicts: Sequence[Verdict | None]) -> None:
    """Print rows on stdout, each in the style of its verdict; a column without a single cell is left out."""
    from rich import box
    from rich.console import Console  # rich takes a tenth of a second to load: only when a table is drawn
    from rich.table import Table
    from rich.text import Text

    console = Console(width=None if sys.stdout.isatty() else PIPE_WIDTH)
    spare = SPARE if console.width < WIDE else ()
    used = [index for index, column in enumerate(columns) if any(row[index] for row in rows) and column not in spare]
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    for index in used:
        is_text = columns[index] in TEXTS
        table.add_column(columns[index], justify="left" if is_text else "right", no_wrap=columns[index] != TEXTS[-1])
    for verdict, row in zip(verdicts, rows, strict=True):
        table.add_row(*(Text(row[index]) for index in used), style=STYLES.get(verdict, "yellow"))
    console.print(table)
