"""Learn: reveal, placebo, conclude, replay."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from ratchet.analyses.conclude import conclude as ask
from ratchet.analyses.conclude import conclusion_lines
from ratchet.analyses.placebo import placebo as ask_placebo
from ratchet.analyses.placebo import placebo_lines
from ratchet.analyses.reveal import reveal as open_test
from ratchet.analyses.reveal import reveal_lines
from ratchet.core.records import Experiment, best
from ratchet.errors import RatchetError
from ratchet.repo import git
from ratchet.repo.journal import read_experiments
from ratchet.repo.run import Run, Worktree, check_tag, open_worktree, require_run, tags
from ratchet.views.replay import Guess, answer_lines, question_lines, score_lines, to_guess
from ratchet.views.terminal import Terminal


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
    run = require_run(open_worktree(Path.cwd(), config))
    screen = Terminal(run.worktree.config.metrics)
    try:
        answer, receipt = open_test(run, screen.progress, is_again=is_again)
    finally:
        screen.close()
    for line in reveal_lines(answer, read_experiments(run.journal), run.worktree.config):
        click.echo(line)
    of = f", {answer['n_positive']} of them positive" if answer.get("n_positive") is not None else ""
    click.echo(f"{answer['n_test']} held-out rows{of}; intervals by DeLong; fingerprint {answer['fingerprint']}")
    click.echo(f"receipt: {receipt}", err=True)
    if run.worktree.config.sealed:
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
    run = require_run(open_worktree(Path.cwd(), config))
    screen = Terminal(run.worktree.config.metrics)
    try:
        answer = ask_placebo(run, screen.progress, n=count, kind=kind)
    finally:
        screen.close()
    width = max(10, min(60, shutil.get_terminal_size((100, 24)).columns - 40))
    for line in placebo_lines(answer, read_experiments(run.journal), run.worktree.config, width=width):
        click.echo(line)


@click.command(epilog="Example: uv run ratchet conclude --finish-stopped")
@click.option("--finish-stopped", is_flag=True, help="Measure first to its end what was stopped early: it biases.")
@click.option("--audit", "with_audit", is_flag=True, help="Show the held-out numbers too.")
@click.pass_obj
def conclude(config: Path | None, finish_stopped: bool, with_audit: bool) -> None:
    """Say how much of the climb is real.

    The naive gain, the gain corrected for having picked the best of so many, the winner against the baseline on fresh
    partitions, and one word: supported, or not distinguishable from selection noise. The journal keeps the answer.
    """
    run = require_run(open_worktree(Path.cwd(), config))
    screen = Terminal(run.worktree.config.metrics)
    try:
        answer = ask(run, screen.progress, finish_stopped=finish_stopped)
    finally:
        screen.close()
    for line in conclusion_lines(answer, run.worktree.config.metric.name, with_audit=with_audit):
        click.echo(line)


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
    worktree = open_worktree(Path.cwd(), config)
    run = _find_run(worktree, tag)
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
    metrics, worktree = run.worktree.config.metrics, run.worktree
    for experiment in to_guess(history):
        earlier = [old for old in history if old.n < experiment.n]
        patch = git.diff(worktree.repo, experiment.parent, experiment.commit, worktree.editable)
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


def _find_run(worktree: Worktree, tag: str | None) -> Run:
    if tag is None:
        return require_run(worktree)
    check_tag(tag)
    run = Run(worktree, tag)
    if not run.journal.exists():
        raise RatchetError(
            f"TAG: expected a recorded run ({', '.join(tags(worktree)) or 'there is none yet'}), got {tag}."
        )
    return run
