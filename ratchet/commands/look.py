"""The commands of the group Look: status, runs, results, plot, show, diff, report, watch."""

from __future__ import annotations

import contextlib
import functools
import json
import shutil
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from ratchet.analyses.what_if import climb_text, doubt_lines, rejudge, rejudged_rows
from ratchet.core.config import Rule
from ratchet.core.records import LINE_CHARS, Experiment, best
from ratchet.core.table import RUN_COLUMNS, closing_lines, excerpt, totals_lines
from ratchet.core.table_file import read_table
from ratchet.core.text import experiment_line, folds_text, results_tsv, seconds_text, signed_text
from ratchet.core.tracking import log_row, mlflow_files, wandb_files
from ratchet.engine.measure import read_log
from ratchet.engine.status import describe, run_rows, status_text
from ratchet.errors import RatchetError
from ratchet.repo import git
from ratchet.repo.files import write_atomic
from ratchet.repo.journal import experiments, read_events, read_experiments, verdict_data
from ratchet.repo.run import Run, current_run, find_experiment, find_run, open_worktree, require_run, run_event
from ratchet.repo.sealing import REVEALED, is_closed, opened_rows, require_person
from ratchet.views.charts import bars
from ratchet.views.report.write import page_of, write_page
from ratchet.views.terminal import fitted, print_rows, print_table
from ratchet.views.watch import Watcher, follow
from ratchet.views.web import HOST, make_server

RULES = [str(rule) for rule in Rule if rule not in {Rule.FRONT, Rule.DOMINATE}]


def pass_run(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the option --run TAG, and call it with that run, or with the current one."""

    @click.option("--run", "tag", metavar="TAG", help="The run to show, from any branch. Default: the current run.")
    @functools.wraps(command)
    def call(*arguments: Any, **options: Any) -> None:
        worktree = open_worktree(Path.cwd(), click.get_current_context().obj)
        tag, has_table = options.pop("tag"), options.get("table") is not None
        current = current_run(worktree) or Run(worktree, NO_RUN) if has_table else None
        command(find_run(worktree, tag) if tag else current or require_run(worktree), *arguments, **options)

    return call


FOLDER = click.Path(path_type=Path, file_okay=False)
NO_RUN = "-"  # the tag where a table is read, and no run
RESULTS_FILE = click.option(
    "-r",
    "--results",
    "table",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    metavar="FILE",
    help="Read the experiments from this results.tsv, not from the journal of a run.",
)


def _history(run: Run, table: Path | None) -> list[Experiment]:
    """Return the experiments of a run, or of a table that was named instead."""
    if table is None:
        return read_experiments(run.journal)
    return read_table(table.read_text("utf-8", "replace"), run.worktree.config, table.name)


@click.command(epilog="Example: uv run ratchet status")
@click.option("--json", "as_json", is_flag=True, help="Print JSON for a program.")
@pass_run
def status(run: Run, as_json: bool) -> None:
    """Show the state of the run and what to do next."""
    events = read_events(run.journal)
    top = best(experiments(events))
    is_here = git.head_branch(run.worktree.repo) == run.branch
    state = describe(
        run,
        events,
        holder=run.holder_pid(),
        is_stop_asked=run.stop_file.exists(),
        edited=run.worktree.edited_files(top.commit if top else run.branch) if is_here else [],
    )
    click.echo(json.dumps(state, indent=2, ensure_ascii=False) if as_json else status_text(state))


@click.command(epilog="Example: uv run ratchet results")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON list of all experiments.")
@click.option(
    "--jsonl", "as_jsonl", is_flag=True, help="Print one line of JSON for each experiment, as other tools do."
)
@click.option("--tsv", "as_tsv", is_flag=True, help="Print the content of results.tsv.")
@click.option("--audit", "with_audit", is_flag=True, help="Also show the scores on the held-out test set.")
@click.option("--all", "show_all", is_flag=True, help="Show every row of a long run.")
@click.option(
    "--rule", type=click.Choice(RULES), default=None, help="Show which experiments another rule would have kept."
)
@click.option(
    "--k",
    type=click.FloatRange(min=0, min_open=True),
    default=None,
    help="With --rule margin: how many standard errors a gain must exceed.",
)
@click.option("--mlflow", type=FOLDER, metavar="FOLDER", help="Write the run into FOLDER as an MLflow file store.")
@click.option("--wandb", type=FOLDER, metavar="FOLDER", help="Write the run into FOLDER in the layout of a W&B run.")
@RESULTS_FILE
@pass_run
def results(  # noqa: PLR0913 - click passes every option by its name
    run: Run,
    *,
    table: Path | None,
    as_json: bool,
    as_jsonl: bool,
    mlflow: Path | None,
    wandb: Path | None,
    as_tsv: bool,
    with_audit: bool,
    show_all: bool,
    rule: str | None,
    k: float | None,
) -> None:
    """Show every experiment in a table.

    --rule applies another rule to the recorded numbers. It measures nothing, and reports what the journal does not
    contain.
    """
    if rule is not None and (as_json or as_tsv or with_audit):
        raise click.UsageError("--rule cannot be combined with --json, --tsv or --audit.")
    if k is not None and rule != Rule.MARGIN:
        raise click.UsageError("--k needs --rule margin.")
    if with_audit or (as_tsv and run.worktree.config.audit):
        require_person(f"results {'--audit' if with_audit else '--tsv'}")
    history = _history(run, table)
    history = _opened(run, history) if with_audit and table is None else history
    if rule is not None:
        _print_rejudged(run, history, Rule(rule), k or run.worktree.config.margin, show_all=show_all)
    elif as_json:
        click.echo(json.dumps([_public(experiment, run, with_audit) for experiment in history], ensure_ascii=False))
    elif as_jsonl:
        for old in history:
            row = log_row(old, run.worktree.config, run.tag, with_audit=with_audit)
            click.echo(json.dumps(row, ensure_ascii=False))
    elif mlflow or wandb:
        _write_tracked(run, history, mlflow=mlflow, wandb=wandb)
    elif as_tsv:
        click.echo(results_tsv(history, run.worktree.config), nl=False)
    else:
        _print_results(run, history, with_audit=with_audit, show_all=show_all)


@click.command(epilog="Example: uv run ratchet show 4")
@click.argument("number", metavar="N", type=click.IntRange(min=0))
@click.option("--log", "is_log", is_flag=True, help="Print what the commands of the experiment printed, not its diff.")
@pass_run
def show(run: Run, number: int, is_log: bool) -> None:
    """Show experiment N, kept or not, with its diff.

    The log holds the end of stdout and stderr of each command that measured or checked it, also of one that crashed.
    Lines with audit numbers are left out.
    """
    experiment = find_experiment(run, number)
    if is_log:
        click.echo(_log_of(run, experiment), nl=False)
        return
    click.echo(experiment_line(experiment, run.worktree.config.metrics))
    for name, value in _details(experiment):
        click.echo(f"  {name}: {value}")
    paths = [*run.worktree.editable, *run.worktree.frozen]
    click.echo(git.diff(run.worktree.repo, experiment.parent, experiment.commit, paths, color=sys.stdout.isatty()))


def _log_of(run: Run, experiment: Experiment) -> str:
    """Return the log of an experiment, of the one whose measurement it reused, or of its agent."""
    n = experiment.n if experiment.reused is None else experiment.reused
    agent = run.folder / "agent" / f"{experiment.n}.log"
    text = read_log(run, n) or (agent.read_text("utf-8", "replace") if agent.exists() else "")
    if not text:
        raise RatchetError(f"N: experiment {experiment.n} has no log. It was not measured, or before logs were kept.")
    return text if n == experiment.n else f"iter {experiment.n} is the same code as iter {n}:\n{text}"


@click.command(epilog="Example: uv run ratchet plot")
@click.option("--width", type=click.IntRange(20, 400), default=None, help="Length of the longest bar, in characters.")
@click.option(
    "--png", type=click.Path(path_type=Path, dir_okay=False), help="Write a figure to FILE (.png, .svg or .pdf)."
)
@RESULTS_FILE
@pass_run
def plot(run: Run, *, width: int | None, png: Path | None, table: Path | None) -> None:
    """Draw the metric of every experiment.

    Prints one bar for each experiment and marks the best. --png writes a figure for a slide or a report.
    """
    if png is not None and table is not None:
        raise click.UsageError("--png draws a run and cannot be combined with --results.")
    if png is not None:
        from ratchet.views.report.write import draw_climb  # the other commands of this file start without it

        draw_climb(run, png)
        click.echo(str(png))
        return
    history = _history(run, table)
    columns = shutil.get_terminal_size((100, 24)).columns
    click.echo(bars(history, run.worktree.config, width=width or max(20, columns - 40)))


@click.command(epilog="Example: uv run ratchet diff --best")
@click.option("--best", "is_best", is_flag=True, help="Show the change up to the best version (the default).")
@click.option(
    "--commit",
    "which",
    default=None,
    metavar="C",
    help="Show the change up to this experiment: a number or a commit.",
)
@click.option("--step", "is_step", is_flag=True, help="Show the one step of the experiment, not what led to it.")
@RESULTS_FILE
@pass_run
def diff(run: Run, *, is_best: bool, which: str | None, is_step: bool, table: Path | None) -> None:
    """Show what has changed since the start of the run.

    Without an option, up to its best version; with --commit, up to that experiment, kept or not. With --step it shows
    the change of that one experiment alone.
    """
    if is_best and which is not None:
        raise click.UsageError("--best and --commit name two versions. Use one of them.")
    if is_step and table is not None:
        raise click.UsageError("--step needs the journal of a run and cannot be combined with --results.")
    history = _history(run, table)
    end = best(history) if which is None else _find_commit(run, history, which)
    if end is None:
        raise RatchetError(f"run {run.tag}: no baseline has been measured. Run `uv run ratchet step`.")
    start = history[0].commit if table else str(run_event(run).data["first"])
    patch = git.diff(
        run.worktree.repo,
        end.parent if is_step else start,
        end.commit,
        run.worktree.editable,
        color=sys.stdout.isatty(),
    )
    click.echo(patch, nl=False)


@click.command(epilog="Example: uv run ratchet runs")
@click.pass_obj
def runs(config: Path | None) -> None:
    """Show every run of the repository, one line each.

    `uv run ratchet results --run TAG` shows one of them, from whatever branch you are on.
    """
    worktree = open_worktree(Path.cwd(), config)
    rows = run_rows(worktree)
    if rows:
        print_rows(RUN_COLUMNS, rows, [None] * len(rows))
    else:
        click.echo("no runs yet; `uv run ratchet start TAG` starts one")


def _find_commit(run: Run, history: list[Experiment], which: str) -> Experiment:
    if which.isdigit() and len(which) < 7:
        return find_experiment(run, int(which))
    found = [experiment for experiment in history if len(which) >= 4 and experiment.commit.startswith(which)]
    if not found:
        raise RatchetError(
            f"--commit: run {run.tag} has no experiment {which}. Use a number or a commit of `uv run ratchet results`."
        )
    return found[0]


def _opened(run: Run, history: list[Experiment]) -> list[Experiment]:
    """Return the history with the revealed held-out scores of a sealed run; print a note if they are still sealed."""
    config, names = run.worktree.config, [source.name for source in run.worktree.config.audit]
    if not config.sealed or not names:
        return history
    events = read_events(run.journal)
    if is_closed(config, events):
        click.echo("the scores on the held-out test set are sealed; `uv run ratchet reveal` shows them, once", err=True)
        return history
    name, rows = REVEALED if REVEALED in names else names[0], opened_rows(events)
    return [replace(old, metrics={**old.metrics, name: rows.get(old.n, {}).get("auc")}) for old in history]


LONG = 60  # rows; a longer table shows only the kept experiments and the last ones


def _print_results(run: Run, history: list[Experiment], *, with_audit: bool, show_all: bool) -> None:
    shown = history if show_all else excerpt(history, LONG)
    if len(shown) < len(history):
        click.echo(
            f"{len(history) - len(shown)} of {len(history)} experiments are not shown; --all shows them", err=True
        )
    if shown:
        print_table(shown, run.worktree.config, history=history, with_audit=with_audit)
    for line in [*closing_lines(history, run.worktree.config), *totals_lines(history, run.worktree.config)]:
        click.echo(fitted(line))


def _print_rejudged(run: Run, history: list[Experiment], rule: Rule, k: float, *, show_all: bool) -> None:
    """Print the verdicts of both rules side by side, and what is uncertain about the second."""
    config = run.worktree.config
    found = rejudge(history, config, rule, k)
    shown = {old.n for old in (history if show_all else excerpt(history, LONG))}
    rows = [old for old in found if old.experiment.n in shown]
    if rows:
        columns = ["n", config.metric.name, "Δ", "±", "verdict", f"under {rule}", "description"]
        print_rows(columns, rejudged_rows(rows, config.metric), [old.verdict for old in rows])
    own = f"{config.rule}, as it was"
    click.echo(climb_text(own, [old.verdict for old in history], history, config))
    name = f"{rule}, above {k:g} standard errors" if rule is Rule.MARGIN else str(rule)
    click.echo(climb_text(name, [old.verdict for old in found], history, config))
    for line in doubt_lines(found, rule):
        click.echo(line)


def _write_tracked(run: Run, history: list[Experiment], *, mlflow: Path | None, wandb: Path | None) -> None:
    """Write the run in the formats of trackers, and print the folders."""
    config = run.worktree.config
    if mlflow is not None:
        root = mlflow.resolve().as_uri()
        _write_below(mlflow, mlflow_files(history, config, run.tag, root))
    if wandb is not None:
        _write_below(wandb, wandb_files(history, config, run.tag))


def _write_below(folder: Path, files: Mapping[str, str]) -> None:
    for path, text in files.items():
        write_atomic(folder / path, text)
    click.echo(str(folder))


def _public(experiment: Experiment, run: Run, with_audit: bool) -> dict[str, object]:
    """Return an experiment as JSON data, without the scores that an agent must not see."""
    hidden = set() if with_audit else {source.name for source in run.worktree.config.audit}
    data = verdict_data(experiment)
    data["metrics"] = {name: value for name, value in experiment.metrics.items() if name not in hidden}
    return data if with_audit else {key: value for key, value in data.items() if key != "stdout"}


def _details(experiment: Experiment) -> list[tuple[str, str]]:
    found = [
        ("commit", experiment.commit),
        ("at", experiment.at),
        ("agent", experiment.agent),
        ("strategy", experiment.strategy),
        ("note", experiment.note),
        ("cpu_time_s", seconds_text(experiment.cpu_time_s)),
        ("wall_time_s", seconds_text(experiment.wall_time_s)),
        ("reason", experiment.reason if len(experiment.reason) > LINE_CHARS else ""),
        ("folds won", folds_text(experiment)),
        ("on a fresh partition", signed_text(experiment.confirm_delta)),
        ("predicted", _prediction_text(experiment)),
    ]
    return [(name, value) for name, value in found if value]


def _prediction_text(experiment: Experiment) -> str:
    """Return the predicted and the measured change."""
    if experiment.prediction is None:
        return ""
    measured = signed_text(experiment.delta) if experiment.delta is not None else "nothing"
    return f"{signed_text(experiment.prediction)}, measured {measured}"


PORT = 8799


@click.command(epilog="Example: uv run ratchet report --open")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Output file. Default: .ratchet/TAG/report.html.",
)
@click.option("--open", "is_opening", is_flag=True, help="Open the report in the browser.")
@pass_run
def report(run: Run, output: Path | None, is_opening: bool) -> None:
    """Write a report of the run as one HTML page.

    The page works offline. It contains the figure, the evidence for the gain, every experiment with its change, the
    leak checks, the versions and the receipts. It shows the audit numbers unless a process is working on the run.
    """
    target = output or run.folder / "report.html"
    write_page(run, target, page_of(run, has_audit=run.holder_pid() is None))
    click.echo(str(target))
    if is_opening:
        click.launch(target.resolve().as_uri())


@click.command(epilog="Example: uv run ratchet watch --web")
@click.option(
    "--web",
    "is_web",
    is_flag=True,
    help="Serve the report to a browser on this machine, and update it. Ctrl-C stops it.",
)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=PORT,
    show_default=True,
    help="With --web: the port. 0 takes any free port.",
)
@click.option("--open", "is_opening", is_flag=True, help="With --web: open the page in the browser.")
@click.option(
    "--keep",
    "is_keeping",
    is_flag=True,
    help="Keep watching when no process is working on the run, for example between the steps of an agent.",
)
@pass_run
def watch(run: Run, *, is_web: bool, port: int, is_opening: bool, is_keeping: bool) -> None:
    """Follow a run live, from another terminal.

    Shows the figure, the last experiments, the current activity and the progress to each limit. It ends when the loop
    ends; press q or Ctrl-C to leave earlier. In a pipe it prints the state once.
    """
    if not is_web:
        follow(Watcher(run), is_keeping=is_keeping)
        return
    with make_server(run, port) as server:
        address = f"http://{HOST}:{server.port}/"
        click.echo(f"{address} shows run {run.tag}; press Ctrl-C to stop")
        if is_opening:
            click.launch(address)
        with contextlib.suppress(KeyboardInterrupt):
            server.serve_forever()
