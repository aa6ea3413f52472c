"""The commands of prepare.py besides evaluation: table intake, audit, leak checks, and user errors."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from harness.audit import Finding, audit
from harness.audit import render as render_audit
from harness.checks import CHECKS, LOOKS, CheckResult
from harness.data.build import read_table
from harness.data.config import read_card
from harness.data.ingest import infer, reset, write
from harness.data.options import OPTIONS, make_options
from harness.data.preview import describe
from harness.data.split import describe_split
from harness.data.table import Table
from harness.errors import UserError
from harness.evaluate import read_file
from harness.harness import Harness, Rules
from harness.problem import Problem

PARAMETERS: list[click.Parameter] = [
    click.Argument(["file"], required=False, type=click.Path(path_type=Path)),
    click.Option(["--check", "is_check"], is_flag=True, help="Run every leak check on FILE and show them as a table."),
    click.Option(["--audit", "is_audit"], is_flag=True, help="Look at the table for leaks before anything is trained."),
    click.Option(["--profile", "is_profile"], is_flag=True, help="Write the table and its audit as an HTML page."),
    click.Option(["--json", "is_json"], is_flag=True, help="With --audit: print JSON."),
    click.Option(["--serve", "is_serve"], is_flag=True, hidden=True, help="Answer requests on standard input."),
    *OPTIONS,
]


def say(text: str) -> None:
    """Print a message on stderr; stdout holds the printed lines alone."""
    click.echo(text, err=True)


def progress() -> Callable[[str], None]:
    """Return a function that shows progress on a terminal, and nothing in a pipe."""
    if not sys.stderr.isatty():
        return lambda _: None
    return lambda text: click.echo(f"\r{text[:78]:<78}\r", err=True, nl=False)


@contextmanager
def user_errors() -> Iterator[None]:
    """Turn a UserError into one line and exit status 1."""
    try:
        yield
    except UserError as error:
        click.echo(str(error), err=True)
        sys.exit(1)


def check_readable(path: Path) -> Path:
    """Return the path of a file to evaluate. Raises UserError if it cannot be read."""
    try:
        path.open("rb").close()
    except OSError as error:
        raise UserError(
            f"{path}: the file cannot be read ({(error.strerror or str(error)).lower()}). "
            "Name a train.py: uv run prepare.py train.py"
        ) from None
    except ValueError as error:
        raise UserError(
            f"{str(path)!r}: this is no file name ({error}). Name a train.py: uv run prepare.py train.py"
        ) from None
    return path


def take_table_in(rules: Rules, options: Mapping[str, Any]) -> bool:
    """Ingest the table that the options name, or restore the default. Return False after a dry run."""
    intake = make_options(options)
    if options["reset"]:
        reset(rules.root)
        say(f"back to the default table: {read_card(rules.root).name}")
    if intake is None:
        return True
    show = progress()
    show(f"reading {Path(intake.source).name}")
    found = infer(rules.root, intake)
    show("")
    for note in found.notes:
        say(note)
    rules.split(found.table, 0)  # refuse a table that cannot be split before it replaces another
    if options["dry_run"]:
        _show(rules, found.table)
        return False
    write(rules.root, found)
    return True


def show_table(rules: Rules) -> None:
    """Show the table, its split, and the audit."""
    _show(rules, read_table(rules.root, read_card(rules.root)))


def _show(rules: Rules, table: Table) -> None:
    problem = rules.split(table, 0)
    split = describe_split(table, test_size=rules.test_size, n_folds=len(problem.folds))
    say(describe(table, split))
    say(render_audit(find_leaks(table, problem)))


def find_leaks(table: Table, problem: Problem) -> list[Finding]:
    """Audit a table and its split, and show the progress on a terminal."""
    return audit(table, problem.train, problem.test, seed=problem.seed, on_progress=progress())


def show_audit(rules: Rules, *, is_json: bool) -> None:
    """Print the audit of the table: as text, or as JSON."""
    table = read_table(rules.root, read_card(rules.root))
    problem = rules.split(table, 0)
    findings = find_leaks(table, problem)
    text = json.dumps([asdict(finding) for finding in findings], indent=2)
    click.echo(text if is_json else render_audit(findings), nl=is_json)


def write_profile(rules: Rules, file: Path | None) -> None:
    """Write the table, its audit and its split as an HTML page, and print its path."""
    from harness.audit.page import page_path, render_page, write_page  # imported here: no evaluation needs them
    from harness.audit.profile import make_profile

    if file is not None:
        raise UserError(f"--profile: {str(file)!r} is not used. Run: uv run prepare.py --profile")
    table = read_table(rules.root, read_card(rules.root))
    problem = rules.split(table, 0)
    profile = make_profile(table, problem.train, find_leaks(table, problem))
    text = render_page(table, profile, (problem.train, problem.test), problem.folds)
    write_page(rules.root / page_path(table), text)
    click.echo(page_path(table).as_posix())


def say_next(options: Mapping[str, Any]) -> None:
    """Show the next command; another table needs a new run."""
    is_new = options["reset"] or any(options[name] for name in ("csv", "source"))
    say(f"next: uv run ratchet {'start NAME, then uv run ratchet ' if is_new else ''}loop -n 8")


def check(harness: Harness, path: Path) -> int:
    """Run every leak check on a file, print a table of them, and return the exit status; 4 when one fails."""
    result = harness.rules.evaluate(read_file(path), harness.workers(), refits=True)
    findings = dict(result.findings)
    for one in CHECKS:
        finding = findings.get(one.NAME)
        word = _word(one.NAME, finding)
        click.echo(f"{one.NAME:<22}{word:<9}{finding.evidence if finding else 'catches ' + one.CATCHES}")
        if finding is not None and word in {"FAILED", "look"}:
            click.echo(f"{'':<31}Fix: {finding.fix or one.FIX}")
    if not result.is_ok and not result.leaks:
        status = harness.rules.lines(result, harness.workers().problem, harness.fingerprint, 0.0)["status"]
        click.echo(f"status: {status}")
    return harness.rules.exit_status(result)


def _word(name: str, finding: CheckResult | None) -> str:
    if finding is None:
        return "not run"
    if finding.failure is not None:
        return "not seen"
    return "ok" if finding.passed else "look" if name in LOOKS else "FAILED"
