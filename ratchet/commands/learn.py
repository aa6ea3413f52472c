"""The commands of the group Learn: reveal, placebo, conclude, replay."""

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
from ratchet.commands.look import pass_run
from ratchet.core.records import Experiment, best
from ratchet.repo import git
from ratchet.repo.journal import read_experiments
from ratchet.repo.run import Run, find_run, open_worktree, require_run
from ratchet.repo.sealing import require_person
from ratchet.views.replay import Guess, answer_lines, question_lines, score_lines, to_guess
from ratchet.views.terminal import Terminal


@click.command(epilog="Example: uv run ratchet reveal")
@click.option("--again", "is_again", is_flag=True, help="Show the numbers again. Every time is recorded.")
@pass_run
def reveal(run: Run, is_again: bool) -> None:
    """Show the scores on the held-out test set, once.

    Prints test_auc of the baseline and of every kept experiment with DeLong's 95 % interval. The journal and a receipt
    in .ratchet/TAG/receipts/ record that the test set was seen. With `sealed = true` in the config, ratchet neither
    shows nor stores these numbers before, and allows no experiment after. The seal covers the run only: `uv run
    prepare.py train.py` still prints test_auc.
    """
    require_person("reveal")
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
        click.echo(
            "the test set is no longer sealed: this run takes no more experiments. `uv run ratchet finish`", err=True
        )


@click.command(epilog="Example: uv run ratchet placebo -n 25")
@click.option(
    "-n",
    "count",
    type=click.IntRange(min=1),
    default=None,
    metavar="N",
    help="Number of tries. Default: as many as the run made.",
)
@click.option(
    "--kind",
    type=click.Choice(["seeds", "labels", "noise", "all"]),
    default="all",
    show_default=True,
    help="Which null experiment: random seeds, shuffled labels or noise columns.",
)
@pass_run
def placebo(run: Run, count: int | None, kind: str) -> None:
    """Show how large a gain chance alone produces.

    Repeats the run with experiments that cannot be better, on the same table and folds. `seeds` is a small random
    forest with a new seed each time, `labels` the files of the run on shuffled labels, `noise` a plain model with noise
    columns. Shows the gain of each beside the gain of the run, and how many experiments the rules strict, margin and
    confirm would have kept. At most 200 tries.
    """
    screen = Terminal(run.worktree.config.metrics)
    try:
        answer = ask_placebo(run, screen.progress, n=count, kind=kind)
    finally:
        screen.close()
    width = max(10, min(60, shutil.get_terminal_size((100, 24)).columns - 40))
    for line in placebo_lines(answer, read_experiments(run.journal), run.worktree.config, width=width):
        click.echo(line)


@click.command(epilog="Example: uv run ratchet conclude --finish-stopped")
@click.option(
    "--finish-stopped",
    is_flag=True,
    help="Finish early-stopped experiments first; leaving them out biases the corrected gain.",
)
@click.option("--audit", "with_audit", is_flag=True, help="Also show the scores on the held-out test set.")
@pass_run
def conclude(run: Run, finish_stopped: bool, with_audit: bool) -> None:
    """Estimate how much of the gain is real.

    Prints the naive gain, the gain corrected for picking the best of many, and the winner against the baseline on fresh
    partitions of the rows. The verdict is `supported` or `not distinguishable from selection noise`. The journal keeps
    it.
    """
    if with_audit:
        require_person("conclude --audit")
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
@click.option("--run", "named", metavar="TAG", help="The run to show, as TAG.")
@click.option("--auto", is_flag=True, help="Show every experiment without asking.")
@click.pass_obj
def replay(config: Path | None, *, tag: str | None, named: str | None, auto: bool) -> None:
    """Go through a run and guess each verdict.

    Shows the hypothesis and the edit of each experiment and asks whether it was kept. Then shows the verdict with its
    evidence. At the end it compares your guesses with always answering drop. Keys: k keep, d drop, Enter skip, q quit.
    TAG is the run to show (default: the current run). Without a terminal it asks nothing.
    """
    worktree = open_worktree(Path.cwd(), config)
    wanted = named or tag
    run = find_run(worktree, wanted) if wanted else require_run(worktree)
    history = read_experiments(run.journal)
    if not to_guess(history):
        click.echo(f"run {run.tag}: no experiments to show yet")
        return
    is_asking = not auto and sys.stdin.isatty()
    guesses = list(_walk(run, history, is_asking=is_asking))
    for line in score_lines(guesses):
        click.echo(line)


def _walk(run: Run, history: list[Experiment], *, is_asking: bool) -> Iterator[Guess]:
    """Show each experiment and yield the guess about it."""
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
            click.echo("right" if guess.is_right else "wrong")
        click.echo()
        yield guess


def _ask() -> str:
    while True:
        click.echo("keep or drop? (k, d, or q to quit, then Enter; Enter alone skips) ", nl=False)
        line = sys.stdin.readline()
        answer = line.strip().lower()[:1]
        if not line or answer == "q":
            click.echo()
            return "q"
        if answer in ANSWERS:
            return answer
