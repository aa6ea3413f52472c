"""Run: finish."""

from __future__ import annotations

from pathlib import Path

import click

from ratchet import lock
from ratchet.desk import open_desk
from ratchet.errors import RatchetError
from ratchet.journal import experiments, read_events
from ratchet.runs import Run, current_run, require_run
from ratchet.serving import UnknownStudyError
from ratchet.studies.concluding import conclude
from ratchet.studies.conclusion import up_to_date
from ratchet.studies.finishing import (
    clear_leftovers,
    complete_keep,
    gather_facts,
    is_published,
    leave,
    make_result,
    publish,
    write_review,
)
from ratchet.studies.review import Facts, has_gain, review
from ratchet.views.screen import Terminal
from ratchet.working import now


@click.command(epilog="Example: uv run ratchet finish --squash")
@click.option("--squash", "is_squashed", is_flag=True, help="One commit instead of one for each kept experiment.")
@click.option("--onto", default="", metavar="BRANCH", help="Grow the result from here, not from the run's base.")
@click.option("--leave", "is_leaving", is_flag=True, help="Go back to the branch that the run was started from.")
@click.option("--no-conclude", is_flag=True, help="Do not measure again how much of the climb is real.")
@click.pass_obj
def finish(config: Path | None, *, is_squashed: bool, onto: str, is_leaving: bool, no_conclude: bool) -> None:
    """Review the run; make a branch for a pull request.

    The harness is asked first how much of the climb is real, if it can say. The review is computed from the journal,
    printed, and written to .ratchet/TAG/review.md. The branch result/TAG holds what was kept. The desk stays as it is,
    and so does every record of the run; leftovers of measuring are removed.
    """
    desk = open_desk(Path.cwd(), config)
    if is_leaving and current_run(desk) is None:
        click.echo("HEAD is on no run's branch: nothing to leave", err=True)
        return
    run = require_run(desk)
    if not no_conclude:
        _conclude(run)
    with lock.hold(run.folder / "lock", "ratchet finish"):
        facts = gather_facts(run, read_events(run.journal))
        mended = complete_keep(run, facts.history)
        if mended:
            click.echo(mended, err=True)
        text = review(facts)
        write_review(run, text)
        click.echo(text, nl=False)
        if is_squashed or onto or not (is_leaving and is_published(run)):  # leaving keeps the shape that was chosen
            _show_result(run, facts, is_squashed=is_squashed, onto=onto)
        for folder in clear_leftovers(run, read_events(run.journal)):
            click.echo(f"{folder}: a lane's work tree with edits that nobody committed; left as it is", err=True)
        if is_leaving:
            click.echo(f"back on {leave(run)}; `git switch autoresearch/{run.tag}` returns to the run", err=True)


def _conclude(run: Run) -> None:
    """Have the harness say how much of the climb is real, if it can and has not yet; the review reads it then."""
    events = read_events(run.journal)
    history = experiments(events)
    if not run.desk.config.serve or not has_gain(history) or up_to_date(events, history):
        return
    screen = Terminal(run.desk.config.metrics)
    try:
        conclude(run, screen.progress)
    except UnknownStudyError:
        pass  # a server of the user's own need not
    except RatchetError as error:  # the review says the same of the run; it is no reason to end without one
        screen.say(f"no conclusion: {error}")
    finally:
        screen.close()


def _show_result(run: Run, facts: Facts, *, is_squashed: bool, onto: str) -> None:
    commit = make_result(run, facts, is_squashed=is_squashed, onto=onto)
    if commit is not None:
        name = publish(run, read_events(run.journal), commit, now())
        click.echo(f"branch {name} at {commit[:7]} is ready: `git push -u origin {name}`", err=True)
        return
    click.echo("no gain, so no branch; `uv run ratchet finish --leave` goes back to where it was started", err=True)
