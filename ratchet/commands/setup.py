"""The commands of the group Set up: init, check, instruct, edit, clean."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path

import click

from ratchet.analyses.clean import BUNDLE, find_remains, remains_lines, remove, write_archive
from ratchet.core import config_file
from ratchet.core.draft import draft_rows
from ratchet.core.recognise import blank, recognise
from ratchet.engine.edit_again import edit_again
from ratchet.engine.prompt import instruct_text, program_text
from ratchet.engine.propose import check_target, has_config, installed_agent, proposal, repository_of, write_config
from ratchet.engine.ready import ready_agent, ready_command, ready_program, ready_rule, ready_run
from ratchet.engine.reviewer import find_inspector
from ratchet.errors import RatchetError
from ratchet.repo import git
from ratchet.repo.files import write_atomic
from ratchet.repo.journal import read_experiments
from ratchet.repo.run import (
    Run,
    Worktree,
    check_tag,
    check_worktree,
    current_run,
    find_experiment,
    find_run,
    open_worktree,
    require_run,
)
from ratchet.views.interview import ask_all, is_agreed, table_lines


@click.command(epilog="Example: uv run ratchet init --yes")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help="Write to this file."
)
@click.option("--force", is_flag=True, help="Overwrite an existing file.")
@click.option("--yes", "is_yes", is_flag=True, help="Write a proposed config without asking.")
@click.option("--interview", "is_interview", is_flag=True, help="Ask for everything that a new config should say.")
@click.pass_context
def init(ctx: click.Context, *, output: Path | None, force: bool, is_yes: bool, is_interview: bool) -> None:
    """Propose a config; with one, write program.md.

    Without a config it looks at the repository (train.py and prepare.py, pytest, package.json, pubspec.yaml, pom.xml,
    build.gradle, Cargo.toml, the section `## autoresearch` of CLAUDE.md), shows what it would write, and writes
    ratchet.yaml, or a section of FILE.toml, after a yes. With a config it writes program.md, the rules for an agent.
    """
    if is_interview or not has_config(Path.cwd(), ctx.obj):
        repo, target = repository_of(Path.cwd()), output or Path.cwd() / "ratchet.yaml"
        check_target(target, is_forced=force)
        draft = ask_all(recognise(repo) or blank(repo), installed_agent()) if is_interview else proposal(repo)
        click.echo("\n".join(table_lines(draft_rows(draft))))
        if not (is_yes or is_agreed(f"write this to {target.name}?")):
            click.echo("nothing was written; `uv run ratchet init --yes` writes it", err=True)
            ctx.exit(1)
        write_config(target, draft)
        if not draft.agent:
            click.echo("no agent is set: `uv run ratchet loop --agent NAME` names one, or the key agent", err=True)
        click.echo(f"wrote {target.name}; next: `uv run ratchet run` tries it, then commit it", err=True)
        return
    worktree = open_worktree(Path.cwd(), ctx.obj)
    target = output or worktree.root / "program.md"
    check_target(target, is_forced=force)
    target.write_text(program_text(worktree.config), "utf-8")
    click.echo(f"wrote {target.name}; next: read it, commit it, `uv run ratchet check`", err=True)


@click.command(epilog="Example: uv run ratchet check")
@click.pass_context
def check(ctx: click.Context) -> None:
    """Check that everything is ready for a run.

    Prints one line for the config, the repo, the editable files, the measuring command, the data and the agent. In the
    repo it writes what a run writes, and removes it. The exit status is 1 if one of them is bad.
    """
    worktree = open_worktree(Path.cwd(), ctx.obj)
    config = worktree.config
    goals = ", ".join(f"{metric.direction} {metric.name}" for metric in config.metrics)
    rows: list[tuple[str, Callable[[], str]]] = [
        ("config", lambda: ready_rule(worktree) and f"{config.origin}: {config.name}, {goals}"),
        ("repo", lambda: _repo_text(worktree)),
        ("editable", lambda: ", ".join(config.editable)),
        ("command", lambda: ready_command(worktree, config.serve or config.run, "serve" if config.serve else "run")),
        *(("parse", partial(ready_program, worktree, it.parse, "parse")) for it in config.sources if it.parse),
        ("data", lambda: _data_text(worktree)),
        ("agent", lambda: ready_agent(worktree, config.agent).name),
        *([("inspect", lambda: find_inspector(config.inspect).name)] if config.inspect else []),
        *(("checks", partial(ready_command, worktree, command, "checks")) for command in config.checks),
    ]
    ctx.exit(0 if all([_report(name, find) for name, find in rows]) else 1)


@click.command(epilog="Example: uv run ratchet instruct > prompt.txt")
@click.pass_obj
def instruct(config: Path | None) -> None:
    """Print a prompt for an agent to write the config.

    The prompt contains the current config and the schema. Paste it into a chat with an AI agent to set up another
    project.
    """
    try:
        path = config or config_file.find(Path.cwd())
        current = path.read_text("utf-8") if path.suffix != ".toml" else _toml_section(path)
    except RatchetError:
        current = ""
    click.echo(instruct_text(current))


@click.command(epilog="Example: uv run ratchet edit 3")
@click.argument("number", metavar="N", type=click.IntRange(min=0))
@click.option("--run", "tag", metavar="TAG", help="Take the experiment from this run. Default: the current run.")
@click.option(
    "--force", "is_forced", is_flag=True, help="Replace an edit that was not measured and keep it under a ref."
)
@click.pass_obj
def edit(config: Path | None, *, number: int, tag: str | None, is_forced: bool) -> None:
    """Put experiment N, kept or not, into your files again.

    A way to go on from an edit that crashed or was dropped, also on the branch of another run. Nothing is measured.
    """
    run = require_run(open_worktree(Path.cwd(), config))
    source = find_run(run.worktree, tag) if tag else run
    experiment = find_experiment(source, number)
    with run.hold("ratchet edit"):
        note = edit_again(run, read_experiments(run.journal), experiment, is_forced=is_forced)
    if note:
        click.echo(note, err=True)
    click.echo(f"{', '.join(run.worktree.config.editable)}: as in iter {number} of run {source.tag}", err=True)
    click.echo("next: edit further, then `uv run ratchet step`", err=True)


def _report(name: str, find: Callable[[], str]) -> bool:
    """Print one line of the check, and return whether it is good."""
    try:
        click.echo(f"ok   {name}: {find()}")
    except RatchetError as error:
        click.echo(f"bad  {name}: {str(error).removeprefix(f'{name}: ')}")
        return False
    return True


def _repo_text(worktree: Worktree) -> str:
    base = check_worktree(worktree)
    run = ready_run(worktree)
    note = _try_to_write(worktree)
    return f"{base[:7]}, frozen files as committed" + (f", run {run}" if run else "") + (f"; {note}" if note else "")


def _try_to_write(worktree: Worktree) -> str:
    """Write a file, a commit, a ref, a branch and a lock, and remove them; return a note about the lock, or "".

    Raises RatchetError if one of them cannot be written.
    """
    repo, run, name = worktree.repo, current_run(worktree), f"check+{os.getpid()}"  # no run can have this name
    trial = Run(worktree, name)
    ref = f"refs/ratchet/{run.tag}/{name}" if run else trial.ref(0)
    try:
        write_atomic(trial.folder / "file", "written\n")
        commit = git.make_commit(repo, "HEAD", {}, "a trial of ratchet check\n")
        for name in (ref, trial.branch):
            git.set_ref(repo, name, commit, "ratchet: check")
        with trial.hold("ratchet check") as note:
            return note
    except OSError as error:
        where = error.filename or repo.root
        raise RatchetError(
            f"{where}: cannot write ({error.strerror}). Free disk space or fix the permissions."
        ) from None
    finally:
        for name in (ref, trial.branch):
            git.delete_ref(repo, name)
        for folder in (trial.folder, trial.mirror):
            shutil.rmtree(folder, ignore_errors=True)
            with contextlib.suppress(OSError):  # it holds a run
                folder.parent.rmdir()


def _data_text(worktree: Worktree) -> str:
    found = sorted(path.name for pattern in worktree.config.link for path in worktree.root.glob(pattern))
    return ", ".join(found) or ("none yet" if worktree.config.link else "none linked")


def _toml_section(path: Path) -> str:
    """Return the lines of the section [tool.ratchet] in pyproject.toml."""
    kept, is_inside = [], False
    for line in path.read_text("utf-8").splitlines():
        if line.lstrip().startswith("["):
            is_inside = line.strip().lstrip("[").startswith("tool.ratchet")
        if is_inside:
            kept.append(line)
    return "\n".join(kept)


@click.command(epilog="Example: uv run ratchet clean my-run")
@click.argument("tag")
@click.option("-y", "--yes", "is_yes", is_flag=True, help="Do not ask.")
@click.option("--no-archive", is_flag=True, help="Keep nothing of the run, not even an archive file.")
@click.pass_obj
def clean(config: Path | None, *, tag: str, is_yes: bool, no_archive: bool) -> None:
    """Remove a run, and keep it in one archive file.

    Shows what will be removed and asks: the branch, all experiments, and the records, here and in the mirror inside the
    folder of git. It also removes a run whose branch was deleted. The branch result/TAG and exports stay.
    """
    worktree = open_worktree(Path.cwd(), config)
    check_tag(tag)
    remains = find_remains(Run(worktree, tag))
    for line in remains_lines(remains):
        click.echo(f"removes {line}")
    try:
        is_wanted = is_yes or click.confirm(f"Remove the run {tag}?", err=True)
    except click.Abort:
        is_wanted = False
        click.echo(err=True)
    if not is_wanted:
        raise RatchetError(f"TAG: the run {tag} was not removed. --yes removes it without a question.")
    archive = None if no_archive else write_archive(remains)
    remove(remains)
    click.echo(f"run {tag} is removed")
    if archive is not None:
        fetch = f"git fetch {archive.parent / tag / BUNDLE} 'refs/*:refs/*'"
        click.echo(f"{archive} holds it; back: `tar xzf {archive} -C {archive.parent}`, then `{fetch}`", err=True)
