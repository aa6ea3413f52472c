"""Run: start, step, loop, race, stop, finish."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from math import inf, isfinite
from pathlib import Path

import click

from ratchet.analyses.conclude import conclude, up_to_date
from ratchet.analyses.finish import (
    clear_leftovers,
    complete_keep,
    gather_facts,
    is_published,
    leave,
    make_result,
    publish,
    write_review,
)
from ratchet.analyses.review import RunFacts, has_gain, review
from ratchet.core.records import Experiment, Proposal, Verdict
from ratchet.core.stop_rules import BROKEN_AGENT, Limits, limits_of
from ratchet.core.table import closing_lines
from ratchet.engine.agents import find_agent
from ratchet.engine.loop import open_run, run_loop
from ratchet.engine.parallel import Entry, run_race
from ratchet.engine.server_client import UnknownAnalysisError
from ratchet.engine.session import now, work_on
from ratchet.engine.signals import ASKED, Stopper, ask_to_stop, asker_of
from ratchet.errors import INTERRUPTED, RatchetError
from ratchet.repo import journal, lock
from ratchet.repo.journal import EventKind, experiments, read_events, read_experiments
from ratchet.repo.run import (
    BRANCHES,
    Run,
    Worktree,
    check_frozen,
    check_tag,
    current_run,
    free_tag,
    open_worktree,
    require_run,
    run_event,
    stamp,
    start_run,
    take_up,
)
from ratchet.views.notice import Board
from ratchet.views.terminal import Terminal, print_table


@click.command(epilog="Example: uv run ratchet start my-run")
@click.argument("tag")
@click.option("-v", "--verbose", is_flag=True, help="Show what the measuring command says.")
@click.pass_obj
def start(config: Path | None, tag: str, verbose: bool) -> None:
    """Start a run: branch, checks, baseline.

    The branch autoresearch/TAG grows from the commit under HEAD; no file on the desk is touched. A run that exists is
    taken up again: its branch is checked out, and what was begun is finished.
    """
    worktree = open_worktree(Path.cwd(), config)
    check_tag(tag)
    before, old = current_run(worktree), take_up(worktree, tag)
    run = old or start_run(worktree, tag, now())
    if before is not None and old is None and (note := _grown_from(before, run)):
        click.echo(note, err=True)
    with _terminal(run, Board(run)) as screen, work_on(run, "ratchet start", screen=screen, is_loud=verbose) as session:
        open_run(session, screen)
        if old:
            run.stop_file.unlink(missing_ok=True)
            session.note(EventKind.RESUME)
    click.echo(
        f"run {run.tag} on branch autoresearch/{run.tag}; next: edit {worktree.config.editable[0]}, "
        "`uv run ratchet step`",
        err=True,
    )


def _grown_from(before: Run, run: Run) -> str:
    """Say that the baseline is another run's best, and how to begin with the plain code; nothing where it is that."""
    if not any(old.verdict is Verdict.KEEP for old in read_experiments(before.journal)):
        return ""
    begun, config = run_event(run).data, run.worktree.config
    taken = " ".join(config.setup) if begun["first"] != begun["base"] else ""
    fetch = f" && git restore --source autoresearch/{run.tag} {taken}" if taken else ""
    return (
        f"note: the baseline is the code as run {before.tag} left it; to begin with the plain one: "
        f"`git switch {_origin(before)}{fetch}`, and start under another name"
    )


def _origin(run: Run) -> str:
    """Return what `git switch` takes to go back to where the first of a chain of runs was started."""
    data = run_event(run).data
    branch = str(data.get("from") or "")
    parent = replace(run, tag=branch.removeprefix(BRANCHES))
    if branch.startswith(BRANCHES) and parent.journal.exists():
        return _origin(parent)
    return branch.removeprefix("refs/heads/") or f"--detach {str(data['base'])[:12]}"


@click.command(epilog="Example: uv run ratchet step")
@click.option("-m", "--message", default="", help="One line that describes the edit, where the file does not.")
@click.option("--strategy", default="", help="What kind of idea it is.")
@click.option("--predict", type=float, default=None, metavar="X", help="By how much you expect the metric to change.")
@click.option("-v", "--verbose", is_flag=True, help="Show what the measuring command says.")
@click.pass_obj
def step(config: Path | None, *, message: str, strategy: str, predict: float | None, verbose: bool) -> None:
    """Measure the edit on the desk; keep or drop it.

    Prints one line. The files hold the best version again afterwards, whatever the verdict.
    """
    _check_finite("--predict", predict, 0.003)
    worktree = open_worktree(Path.cwd(), config)
    run = require_run(worktree)
    check_frozen(worktree, run.branch, (*worktree.config.readonly, *worktree.config.setup))
    with _terminal(run, Board(run)) as screen, work_on(run, "ratchet step", screen=screen, is_loud=verbose) as session:
        for experiment in session.resume():
            screen.result(experiment)
        if not session.history:
            screen.result(session.baseline())
        screen.progress(f"iter {session.next_n}: measuring")
        screen.result(session.step(Proposal(hypothesis=message, strategy=strategy, prediction=predict)))


@click.command(epilog="Example: uv run ratchet loop -n 8")
@click.option(
    "--agent", default=None, help="builtin, claude, codex, opencode, gemini, aider, or a command with {prompt}."
)
@click.option("-n", "count", type=click.IntRange(min=1), default=None, help="Experiments (default 25).")
@click.option("-p", "--patience", type=click.IntRange(min=1), default=None, help="Stop after so many without a gain.")
@click.option("--until", type=float, default=None, help="Stop when the metric reaches this value.")
@click.option("--minutes", type=click.FloatRange(min=0, min_open=True), default=None, help="Stop after so long.")
@click.option("--seed", type=int, default=0, show_default=True, help="Passed to the agent as RATCHET_SEED.")
@click.option("-v", "--verbose", is_flag=True, help="Show what the measuring command says.")
@click.pass_context
def loop(  # noqa: PLR0913 - click passes every option by its name
    ctx: click.Context,
    *,
    agent: str | None,
    count: int | None,
    patience: int | None,
    until: float | None,
    minutes: float | None,
    seed: int,
    verbose: bool,
) -> None:
    """Let an agent try one idea after another.

    A run is started where HEAD is on none.

    Ctrl-C finishes the experiment and stops; twice stops at once. Either way the same command goes on later.
    """
    _check_finite("--until", until, 0.95)
    _check_finite("--minutes", minutes, 30)
    worktree = open_worktree(Path.cwd(), ctx.obj)
    chosen = find_agent(agent or worktree.config.agent)
    limits = limits_of(worktree.config, Limits(count, patience, until, minutes or inf))
    run = _run_for_loop(worktree)
    board = Board(run)
    with _terminal(run, board) as screen:
        stopper = Stopper(run.stop_file, screen.say)
        with (
            stopper.listening(),
            work_on(run, "ratchet loop", screen=screen, should_stop=stopper.is_asked_now, is_loud=verbose) as session,
        ):
            open_run(session, screen)
            board.begin_loop(limits, session.next_n)
            reason = run_loop(session, chosen, limits, screen=screen, stopper=stopper, seed=seed)
            history = session.history
    _show_end(run, history, reason)
    ctx.exit(INTERRUPTED if stopper.was_interrupted else int(reason.startswith(BROKEN_AGENT)))


@click.command(epilog="Example: uv run ratchet race -k 2 -n 16")
@click.option("-k", "subruns", type=click.IntRange(min=2, max=64), default=2, show_default=True, help="Lanes.")
@click.option("--agent", default=None, help="As for loop.")
@click.option("-n", "count", type=click.IntRange(min=1), default=None, help="Experiments of all lanes together.")
@click.option("--minutes", type=click.FloatRange(min=0, min_open=True), default=None, help="Stop after so long.")
@click.option("--seed", type=int, default=0, show_default=True, help="Of the first lane; the next has the next.")
@click.pass_context
def race(
    ctx: click.Context, *, subruns: int, agent: str | None, count: int | None, minutes: float | None, seed: int
) -> None:
    """Run several loops side by side and keep what wins.

    Each lane has a branch and a work tree of its own. What a lane came to is measured again on the run's branch.
    """
    _check_finite("--minutes", minutes, 30)
    worktree = open_worktree(Path.cwd(), ctx.obj)
    entry = Entry(
        find_agent(agent or worktree.config.agent),
        limits_of(worktree.config, Limits(count, minutes=minutes or inf)),
        seed,
    )
    run = _run_for_loop(worktree)
    with _terminal(run, Board(run)) as screen:
        stopper = Stopper(run.stop_file, screen.say)
        with (
            stopper.listening(),
            work_on(run, "ratchet race", screen=screen, should_stop=stopper.is_asked_now) as session,
        ):
            open_run(session, screen)
            won = run_race(session, entry, subruns, screen=screen, stopper=stopper)
            history = session.history
    _show_end(run, history, f"race over, {len(won)} winner{'' if len(won) == 1 else 's'} measured again")
    ctx.exit(INTERRUPTED if stopper.was_interrupted else 0)


@click.command(epilog="Example: uv run ratchet stop")
@click.option("--now", "is_now", is_flag=True, help="Do not even finish the experiment.")
@click.pass_obj
def stop(config: Path | None, is_now: bool) -> None:
    """Ask a loop to stop after its experiment."""
    run = require_run(open_worktree(Path.cwd(), config))
    ask_to_stop(run.stop_file, now=is_now)
    if lock.holder_pid(run.folder / "lock") is None:  # else whoever works on the run writes it down
        with lock.hold(run.folder / "lock", "ratchet stop"):
            data = {"reason": ASKED, "asked_by": dict(asker_of(run.stop_file)), "tag": run.tag, "at": stamp(now())}
            journal.append(run.journal, EventKind.STOP, data)
    click.echo(f"run {run.tag}: asked to stop {'now' if is_now else 'after this experiment'}", err=True)


def _check_finite(option: str, value: float | None, example: float) -> None:
    """Raise BadParameter for inf and nan, which click takes for numbers."""
    if value is not None and not isfinite(value):
        raise click.BadParameter(f"expected a number such as {example:g}, got {value}.", param_hint=option)


def _run_for_loop(worktree: Worktree) -> Run:
    """Return the current run, or start one named after the day."""
    run = current_run(worktree)
    if run is None:
        run = start_run(worktree, free_tag(worktree, now()), now())
        click.echo(f"run {run.tag} on branch autoresearch/{run.tag}", err=True)
    check_frozen(worktree, run.branch, (*worktree.config.readonly, *worktree.config.setup))
    return run


@contextlib.contextmanager
def _terminal(run: Run, board: Board) -> Iterator[Terminal]:
    screen = Terminal(run.worktree.config.metrics, board=board)
    try:
        yield screen
    finally:
        screen.close()
        board.clear()


def _show_end(run: Run, history: Sequence[Experiment], reason: str) -> None:
    print_table(history, run.worktree.config)
    for line in closing_lines(history, run.worktree.config):
        click.echo(line)
    concluding = "how much of it is real: `uv run ratchet conclude`; " if run.worktree.config.serve else ""
    click.echo(
        f"stopped: {reason}. Next: `uv run ratchet results`, `uv run ratchet show N`, `uv run ratchet diff --best`; "
        f"more: `uv run ratchet loop`; {concluding}the end: `uv run ratchet finish`."
    )


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
    worktree = open_worktree(Path.cwd(), config)
    if is_leaving and current_run(worktree) is None:
        click.echo("HEAD is on no run's branch: nothing to leave", err=True)
        return
    run = require_run(worktree)
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
    if not run.worktree.config.serve or not has_gain(history) or up_to_date(events, history):
        return
    screen = Terminal(run.worktree.config.metrics)
    try:
        conclude(run, screen.progress)
    except UnknownAnalysisError:
        pass  # a server of the user's own need not
    except RatchetError as error:  # the review says the same of the run; it is no reason to end without one
        screen.say(f"no conclusion: {error}")
    finally:
        screen.close()


def _show_result(run: Run, facts: RunFacts, *, is_squashed: bool, onto: str) -> None:
    commit = make_result(run, facts, is_squashed=is_squashed, onto=onto)
    if commit is not None:
        name = publish(run, read_events(run.journal), commit, now())
        click.echo(f"branch {name} at {commit[:7]} is ready: `git push -u origin {name}`", err=True)
        return
    click.echo("no gain, so no branch; `uv run ratchet finish --leave` goes back to where it was started", err=True)
