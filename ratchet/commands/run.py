"""The commands of the group Run: start, step, loop, race, run, stop, finish."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
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
from ratchet.analyses.review import RunFacts, has_gain, review, unreviewed_text
from ratchet.core.records import Experiment, Proposal, Verdict
from ratchet.core.stop_rules import BROKEN_AGENT, Limits, limits_of, limits_text
from ratchet.core.table import closing_lines, summary_line
from ratchet.engine.agents import Agent
from ratchet.engine.edit_again import leaving
from ratchet.engine.loop import open_run, run_loop
from ratchet.engine.notify import notifying
from ratchet.engine.once import measure_worktree, reading_data, reading_lines
from ratchet.engine.parallel import Entry, run_race
from ratchet.engine.ready import ready_agent, ready_rule
from ratchet.engine.server_client import UnknownAnalysisError
from ratchet.engine.session import now, work_on
from ratchet.engine.signals import ASKED, Stopper, ask_to_stop, asker_of
from ratchet.errors import INTERRUPTED, LockedError, RatchetError
from ratchet.repo.journal import EventKind, experiments, read_events, read_experiments
from ratchet.repo.run import (
    BRANCHES,
    Run,
    Worktree,
    check_frozen,
    check_table,
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
from ratchet.views.terminal import Board, Terminal, load_table, print_table

MINUTES = click.FloatRange(min=0, min_open=True)
MINUTES_LIMIT = click.option("--minutes", type=MINUTES, default=None, metavar="M", help="Stop after this many minutes.")
VERBOSE = click.option("-v", "--verbose", is_flag=True, help="Also show what the command and the agent print.")
COUNT = partial(click.option, "-n", "--max", "count", type=click.IntRange(min=1), default=None, metavar="N")


@click.command(epilog="Example: uv run ratchet start my-run")
@click.argument("tag")
@VERBOSE
@click.pass_obj
def start(config: Path | None, tag: str, verbose: bool) -> None:
    """Start a run, or resume one that exists.

    A new run gets the branch autoresearch/TAG, made from the current commit, and measures the baseline. Your files stay
    as they are. If the run TAG exists, its branch is checked out and an interrupted experiment is finished.
    """
    worktree = open_worktree(Path.cwd(), config)
    check_tag(tag)
    before = current_run(worktree)
    with leaving(before, tag, "ratchet start"):
        old = take_up(worktree, tag)
        if old is None:
            ready_rule(worktree)
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
    """Return a note if the baseline is the best code of another run, else ""."""
    if not any(old.verdict is Verdict.KEEP for old in read_experiments(before.journal)):
        return ""
    begun, config = run_event(run).data, run.worktree.config
    taken = " ".join(config.setup) if begun["first"] != begun["base"] else ""
    fetch = f" && git restore --source autoresearch/{run.tag} {taken}" if taken else ""
    return (
        f"note: the baseline is the best code of run {before.tag}. To start from the original code: "
        f"`git switch {_origin(before)}{fetch}`, then start a run with another name"
    )


def _origin(run: Run) -> str:
    """Return the argument of `git switch` that goes back to where the first of a chain of runs was started."""
    data = run_event(run).data
    branch = str(data.get("from") or "")
    parent = replace(run, tag=branch.removeprefix(BRANCHES))
    if branch.startswith(BRANCHES) and parent.journal.exists():
        return _origin(parent)
    return branch.removeprefix("refs/heads/") or f"--detach {str(data['base'])[:12]}"


@click.command(epilog="Example: uv run ratchet step")
@click.option("-m", "--message", default="", help="Hypothesis of the experiment, if the edited file does not state it.")
@click.option("--strategy", default="", help="Kind of idea, for example model, features or tuning.")
@click.option("--predict", type=float, default=None, metavar="X", help="Change of the metric that you expect.")
@VERBOSE
@click.pass_obj
def step(config: Path | None, *, message: str, strategy: str, predict: float | None, verbose: bool) -> None:
    """Measure your edit; keep it or drop it.

    Prints one line with the metric and the verdict. Afterwards the edited file holds the best version again. A dropped
    edit is not lost: `uv run ratchet show N` shows it.
    """
    _check_finite("--predict", predict, 0.003)
    worktree = open_worktree(Path.cwd(), config)
    run = require_run(worktree)
    check_frozen(worktree, run.branch, (*worktree.config.readonly, *worktree.config.setup))
    with _terminal(run, Board(run)) as screen, work_on(run, "ratchet step", screen=screen, is_loud=verbose) as session:
        finished = session.finish_step()
        for experiment in finished:
            screen.result(experiment)
        if any(experiment.n > 0 for experiment in finished) and not session.is_worktree_edited():
            screen.say("this finishes the interrupted step; nothing has been edited since")
            return
        if not session.history:
            screen.result(session.baseline())
        screen.progress(f"iter {session.next_n}: measuring")
        screen.result(session.step(Proposal(hypothesis=message, strategy=strategy, prediction=predict)))


@click.command(epilog="Example: uv run ratchet loop -n 8")
@click.option(
    "-a",
    "--agent",
    default=None,
    help="Agent: builtin, claude, codex, opencode, gemini, aider, or a command that contains {prompt}. "
    "Default: the agent of the config.",
)
@COUNT(help="Number of experiments. Default: max_iterations of the config, else no limit.")
@click.option(
    "-p",
    "--patience",
    type=click.IntRange(min=1),
    default=None,
    help="Stop after this many experiments without a gain.",
)
@click.option("--until", type=float, default=None, metavar="X", help="Stop when the metric reaches this value.")
@MINUTES_LIMIT
@click.option(
    "--max-cost",
    type=MINUTES,
    default=None,
    metavar="USD",
    help="Stop when the agents of the run have reported this cost (claude reports it).",
)
@click.option(
    "--max-tokens",
    type=click.IntRange(min=1),
    default=None,
    metavar="N",
    help="Stop when the agents of the run have reported so many tokens (claude, codex and gemini report them).",
)
@click.option("--wait-for-limit", is_flag=True, help="Wait when the agent has reached a usage limit, then go on.")
@click.option(
    "--seed", type=int, default=0, show_default=True, metavar="N", help="Random seed of the agent (RATCHET_SEED)."
)
@click.option(
    "-r",
    "--results",
    "table",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Also write the table of results to this file.",
)
@VERBOSE
@click.pass_context
def loop(  # noqa: PLR0913 - click passes every option by its name
    ctx: click.Context,
    *,
    agent: str | None,
    count: int | None,
    patience: int | None,
    until: float | None,
    minutes: float | None,
    max_cost: float | None,
    max_tokens: int | None,
    wait_for_limit: bool,
    seed: int,
    table: Path | None,
    verbose: bool,
) -> None:
    """Let an agent try one idea after another.

    Starts a new run if the current branch is not a run branch.

    Press Ctrl-C to stop after the current experiment, and twice to stop at once. The same command continues the run
    later.
    """
    for option, value, example in (("--until", until, 0.95), ("--minutes", minutes, 30), ("--max-cost", max_cost, 5)):
        _check_finite(option, value, example)
    worktree = open_worktree(Path.cwd(), ctx.obj)
    chosen = ready_agent(worktree, agent or worktree.config.agent)
    target = check_table(table) if table else None
    asked = Limits(count, patience, until, minutes or inf, "", max_cost, max_tokens, wait_for_limit)
    limits = limits_of(worktree.config, asked)
    run = replace(_run_for_loop(worktree), table=target)
    reason, was_interrupted = _loop(run, chosen, limits, seed=seed, is_loud=verbose)
    ctx.exit(INTERRUPTED if was_interrupted else int(reason.startswith(BROKEN_AGENT)))


def _loop(run: Run, chosen: Agent, limits: Limits, *, seed: int, is_loud: bool) -> tuple[str, bool]:
    """Run the loop and print its end; return why it ended, and whether Ctrl-C ended it."""
    board, config = Board(run), run.worktree.config
    with _terminal(run, board) as screen, notifying(run, "the loop", screen.say) as notify:
        stopper = Stopper(run.stop_file, screen.say)
        with (
            stopper.listening(),
            work_on(run, "ratchet loop", screen=screen, should_stop=stopper.is_asked_now, is_loud=is_loud) as session,
        ):
            open_run(session, screen)
            screen.say(limits_text(limits, config))
            board.begin_loop(limits, session.next_n)
            reason = run_loop(session, chosen, limits, screen=screen, stopper=stopper, seed=seed)
            history = session.history
        notify(f"{reason}; {summary_line(history, config)}")
    _show_end(run, history, reason)
    return reason, stopper.was_interrupted


@click.command(epilog="Example: uv run ratchet race -k 2 -n 16")
@click.option(
    "-k", "subruns", type=click.IntRange(min=2, max=64), default=2, show_default=True, help="Number of loops."
)
@click.option("-a", "--agent", default=None, help="Agent of every loop; see `uv run ratchet loop --help`.")
@COUNT(help="Experiments of all loops together.")
@MINUTES_LIMIT
@click.option(
    "--seed",
    type=int,
    default=0,
    show_default=True,
    metavar="N",
    help="Random seed of the first loop; each next loop adds 1.",
)
@click.pass_context
def race(
    ctx: click.Context, *, subruns: int, agent: str | None, count: int | None, minutes: float | None, seed: int
) -> None:
    """Run several loops in parallel and keep the best results.

    Each loop has its own branch and worktree. The best version of each loop is measured again on the branch of the run,
    and kept there if it is strictly better.
    """
    _check_finite("--minutes", minutes, 30)
    worktree = open_worktree(Path.cwd(), ctx.obj)
    entry = Entry(
        ready_agent(worktree, agent or worktree.config.agent),
        limits_of(worktree.config, Limits(count, minutes=minutes or inf)),
        seed,
    )
    run = _run_for_loop(worktree)
    with _terminal(run, Board(run)) as screen, notifying(run, "the race", screen.say) as notify:
        stopper = Stopper(run.stop_file, screen.say)
        with (
            stopper.listening(),
            work_on(run, "ratchet race", screen=screen, should_stop=stopper.is_asked_now) as session,
        ):
            open_run(session, screen)
            screen.say(limits_text(entry.limits, worktree.config))
            won = run_race(session, entry, subruns, screen=screen, stopper=stopper)
            history = session.history
        notify(f"the race has ended; {summary_line(history, worktree.config)}")
    _show_end(run, history, f"race finished, {len(won)} winner{'' if len(won) == 1 else 's'} measured again")
    ctx.exit(INTERRUPTED if stopper.was_interrupted else 0)


@click.command(epilog="Example: uv run ratchet run")
@click.option("--json", "as_json", is_flag=True, help="Print JSON for a program.")
@VERBOSE
@click.pass_context
def run(ctx: click.Context, *, as_json: bool, verbose: bool) -> None:
    """Measure the worktree once; decide nothing and write nothing.

    Runs the command of the config in a copy of your files, committed or not, and prints every metric against the
    baseline and the best of the current run, and the constraints. Works before the first run. The exit status is 1 if
    the command failed or the output holds no metric.
    """
    worktree = open_worktree(Path.cwd(), ctx.obj)
    current = current_run(worktree)
    history = read_experiments(current.journal) if current else []
    reading = measure_worktree(worktree, history, echo=sys.stderr.write if verbose else None)
    if as_json:
        click.echo(json.dumps(reading_data(reading, worktree.config, history), ensure_ascii=False))
    else:
        click.echo("\n".join(reading_lines(reading, worktree.config, history)))
    has_all = all(reading.measured.numbers.get(metric.name) is not None for metric in worktree.config.metrics)
    ctx.exit(0 if reading.is_ok and has_all else 1)


@click.command(epilog="Example: uv run ratchet stop")
@click.option("--now", "is_now", is_flag=True, help="Stop at once, without finishing the experiment.")
@click.pass_obj
def stop(config: Path | None, is_now: bool) -> None:
    """Stop a running loop after its current experiment."""
    run = require_run(open_worktree(Path.cwd(), config))
    ask_to_stop(run.stop_file, now=is_now)
    text = f"asked to stop {'now' if is_now else 'after this experiment'}"
    if run.holder_pid() is None:  # else the process that holds the lock records the stop
        with contextlib.suppress(LockedError), run.hold("ratchet stop"):
            data = {"reason": ASKED, "asked_by": dict(asker_of(run.stop_file)), "tag": run.tag, "at": stamp(now())}
            run.record(EventKind.STOP, data)
            text = "no process works on it; the stop is recorded"
    click.echo(f"run {run.tag}: {text}", err=True)


def _check_finite(option: str, value: float | None, example: float) -> None:
    """Raise BadParameter for inf and nan, which click accepts as numbers."""
    if value is not None and not isfinite(value):
        raise click.BadParameter(
            f"{value} is not a finite number. Use a number such as {example:g}.", param_hint=option
        )


def _run_for_loop(worktree: Worktree) -> Run:
    """Return the current run, or start one named after today's date."""
    load_table()
    run = current_run(worktree)
    if run is None:
        ready_rule(worktree)
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
@click.option("--squash", "is_squashed", is_flag=True, help="Make one commit, not one for each kept experiment.")
@click.option(
    "--onto",
    default="",
    metavar="BRANCH",
    help="Base the result on BRANCH. Default: the commit from which the run was started.",
)
@click.option("--leave", "is_leaving", is_flag=True, help="Switch back to the branch from which the run was started.")
@click.option("--no-conclude", is_flag=True, help="Skip the analysis of `uv run ratchet conclude`.")
@click.pass_obj
def finish(config: Path | None, *, is_squashed: bool, onto: str, is_leaving: bool, no_conclude: bool) -> None:
    """Review the run; make a branch for a pull request.

    First runs the analysis of `uv run ratchet conclude`, if the harness has one. The review is computed from the
    journal, printed, and written to .ratchet/TAG/review.md. The branch result/TAG gets the kept commits. Your files and
    all records of the run stay; temporary folders are removed.
    """
    worktree = open_worktree(Path.cwd(), config)
    if is_leaving and current_run(worktree) is None:
        click.echo("the current branch is not a run branch: nothing to leave", err=True)
        return
    run = require_run(worktree)
    if not no_conclude:
        _conclude(run)
    with run.hold("ratchet finish") as note:
        if note:
            click.echo(note, err=True)
        facts = gather_facts(run, read_events(run.journal))
        mended = complete_keep(run, facts.history)
        if mended:
            click.echo(mended, err=True)
        text = review(facts)
        write_review(run, text)
        click.echo(text, nl=False)
        if (
            is_squashed or onto or not (is_leaving and is_published(run))
        ):  # --leave alone keeps an earlier --squash or --onto
            _show_result(run, facts, is_squashed=is_squashed, onto=onto)
        for folder in clear_leftovers(run, read_events(run.journal)):
            click.echo(f"{folder}: this worktree of a race has uncommitted edits and was not removed", err=True)
        if is_leaving:
            click.echo(f"switched to {leave(run)}; `git switch autoresearch/{run.tag}` returns to the run", err=True)


def _conclude(run: Run) -> None:
    """Run the analysis `conclude` for the review, if the harness has it and the last one is out of date."""
    events = read_events(run.journal)
    history = experiments(events)
    if not run.worktree.config.serve or not has_gain(history) or up_to_date(events, history):
        return
    screen = Terminal(run.worktree.config.metrics)
    try:
        conclude(run, screen.progress)
    except UnknownAnalysisError:
        pass  # the server of another project need not have this analysis
    except RatchetError as error:  # the review is useful without a conclusion
        screen.say(f"no conclusion: {error}")
    finally:
        screen.close()


def _show_result(run: Run, facts: RunFacts, *, is_squashed: bool, onto: str) -> None:
    commit = make_result(run, facts, is_squashed=is_squashed, onto=onto)
    if commit is not None:
        name = publish(run, read_events(run.journal), commit, now())
        if facts.unreviewed and not is_squashed:
            click.echo(f"{name}: {unreviewed_text(facts.unreviewed)}", err=True)
        click.echo(f"branch {name} at {commit[:7]} is ready: `git push -u origin {name}`", err=True)
        return
    click.echo(
        "no gain, so no branch; `uv run ratchet finish --leave` switches back to the branch before the run", err=True
    )
