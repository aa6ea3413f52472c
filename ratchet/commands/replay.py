"""Learn: replay."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import click

from ratchet import git
from ratchet.desk import Desk, open_desk
from ratchet.errors import RatchetError
from ratchet.journal import read_experiments
from ratchet.records import Experiment, best
from ratchet.runs import Run, check_tag, require_run, tags
from ratchet.views.replay import Guess, answer_lines, question_lines, score_lines, to_guess

ANSWERS = {"k": True, "d": False, "": None}


@click.command(epilog="Example: uv run ratchet replay")
@click.argument("tag", required=False)
@click.option("--auto", is_flag=True, help="Show the walk without asking.")
@click.pass_obj
def replay(config: Path | None, tag: str | None, auto: bool) -> None:
    """Walk through a run; guess before each verdict.

    Shows the hypothesis and the edit of each experiment and asks: keep or drop? Then it shows the verdict with its
    evidence, and at the end how well you guessed against somebody who always says drop. k keeps, d drops, Enter passes,
    q leaves. Without a terminal nothing is asked.
    """
    desk = open_desk(Path.cwd(), config)
    run = _find_run(desk, tag)
    history = read_experiments(run.journal)
    if not to_guess(history):
        click.echo(f"run {run.tag}: no experiments to walk through yet")
        return
    is_asking = not auto and sys.stdin.isatty()
    guesses = list(_walk(run, history, is_asking=is_asking))
    for line in score_lines(guesses):
        click.echo(line)


def _walk(run: Run, history: list[Experiment], *, is_asking: bool) -> Iterator[Guess]:
    """Go from experiment to experiment, and yield what was guessed of each."""
    metrics, desk = run.desk.config.metrics, run.desk
    for experiment in to_guess(history):
        earlier = [old for old in history if old.n < experiment.n]
        patch = git.diff(desk.repo, experiment.parent, experiment.commit, desk.editable)
        for line in question_lines(experiment, best(earlier), metrics[0], patch):
            click.echo(line)
        answer = _ask() if is_asking else ""
        if answer == "q":
            return
        guess = Guess(experiment.n, ANSWERS[answer], experiment.verdict.advances)
        for line in answer_lines(experiment, metrics):
            click.echo(line)
        if guess.is_keep is not None:
            click.echo("right" if guess.is_right else "not this time")
        click.echo()
        yield guess


def _ask() -> str:
    while True:
        click.echo("keep or drop? (k, d or q for the end, then Enter; Enter alone passes) ", nl=False)
        line = sys.stdin.readline()
        answer = line.strip().lower()[:1]
        if not line or answer == "q":
            click.echo()
            return "q"
        if answer in ANSWERS:
            return answer


def _find_run(desk: Desk, tag: str | None) -> Run:
    if tag is None:
        return require_run(desk)
    check_tag(tag)
    run = Run(desk, tag)
    if not run.journal.exists():
        raise RatchetError(f"TAG: expected a recorded run ({', '.join(tags(desk)) or 'there is none yet'}), got {tag}.")
    return run
