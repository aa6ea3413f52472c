"""Learn: reveal, placebo."""

from __future__ import annotations

import shutil
from pathlib import Path

import click

from ratchet.desk import open_desk
from ratchet.journal import read_experiments
from ratchet.runs import require_run
from ratchet.studies.placebo import placebo as ask_placebo
from ratchet.studies.placebo import placebo_lines
from ratchet.studies.revealing import reveal as open_test
from ratchet.studies.revealing import reveal_lines
from ratchet.views.screen import Terminal


@click.command(epilog="Example: uv run ratchet reveal")
@click.option("--again", "is_again", is_flag=True, help="Open it once more; that is written down, too.")
@click.pass_obj
def reveal(config: Path | None, is_again: bool) -> None:
    """Open the held-out test, once, with a receipt.

    Prints test_auc of the baseline and of every kept experiment with DeLong's 95 % interval, and writes down in the
    journal and in .ratchet/TAG/receipts/ that the test has been seen. With `sealed = true` in the config nothing of the
    run shows or stores these numbers before, and no experiment can follow. The seal is the run's: `uv run prepare.py
    train.py` prints test_auc to whoever runs it by hand.
    """
    run = require_run(open_desk(Path.cwd(), config))
    screen = Terminal(run.desk.config.metrics)
    try:
        answer, receipt = open_test(run, screen.progress, is_again=is_again)
    finally:
        screen.close()
    for line in reveal_lines(answer, read_experiments(run.journal), run.desk.config):
        click.echo(line)
    of = f", {answer['n_positive']} of them positive" if answer.get("n_positive") is not None else ""
    click.echo(f"{answer['n_test']} held-out rows{of}; intervals by DeLong; fingerprint {answer['fingerprint']}")
    click.echo(f"receipt: {receipt}", err=True)
    if run.desk.config.sealed:
        click.echo("the seal is broken: no experiment of this run can follow. `uv run ratchet finish`", err=True)


@click.command(epilog="Example: uv run ratchet placebo -n 25")
@click.option("-n", "count", type=click.IntRange(min=1), default=None, help="Tries; default: as many as the run made.")
@click.option(
    "--kind",
    type=click.Choice(["seeds", "labels", "noise", "all"]),
    default="all",
    show_default=True,
    help="Of nothing.",
)
@click.pass_obj
def placebo(config: Path | None, count: int | None, kind: str) -> None:
    """See how far a ratchet climbs on nothing.

    As many tries on the same table and folds, none of which can be better: a small forest with another seed each time,
    the run's own files on shuffled labels, a plain model with columns of noise. Shows each climb beside the run's, and
    how many experiments the rules strict, margin and confirm would have kept. At most 200 tries.
    """
    run = require_run(open_desk(Path.cwd(), config))
    screen = Terminal(run.desk.config.metrics)
    try:
        answer = ask_placebo(run, screen.progress, n=count, kind=kind)
    finally:
        screen.close()
    width = max(10, min(60, shutil.get_terminal_size((100, 24)).columns - 40))
    for line in placebo_lines(answer, read_experiments(run.journal), run.desk.config, width=width):
        click.echo(line)
