"""Learn: conclude."""

from __future__ import annotations

from pathlib import Path

import click

from ratchet.desk import open_desk
from ratchet.runs import require_run
from ratchet.studies.concluding import conclude as ask
from ratchet.studies.conclusion import conclusion_lines
from ratchet.views.screen import Terminal


@click.command(epilog="Example: uv run ratchet conclude --finish-stopped")
@click.option("--finish-stopped", is_flag=True, help="Measure first to its end what was stopped early: it biases.")
@click.option("--audit", "with_audit", is_flag=True, help="Show the held-out numbers too.")
@click.pass_obj
def conclude(config: Path | None, finish_stopped: bool, with_audit: bool) -> None:
    """Say how much of the climb is real.

    The naive gain, the gain corrected for having picked the best of so many, the winner against the baseline on fresh
    partitions, and one word: supported, or not distinguishable from selection noise. The journal keeps the answer.
    """
    run = require_run(open_desk(Path.cwd(), config))
    screen = Terminal(run.desk.config.metrics)
    try:
        answer = ask(run, screen.progress, finish_stopped=finish_stopped)
    finally:
        screen.close()
    for line in conclusion_lines(answer, run.desk.config.metric.name, with_audit=with_audit):
        click.echo(line)
