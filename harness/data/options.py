"""What a person asks for when a table is taken in: the options of prepare.py, and what they mean for the file."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import click

from harness.data.config import WHITESPACE, Format, TableError
from harness.data.sniff import Hints
from harness.data.source import OPENML

SPELLED = {"\\t": "\t", "tab": "\t", "space": WHITESPACE, " ": WHITESPACE, "comma": ",", "semicolon": ";"}

OPTIONS = (
    click.option(
        "--csv",
        metavar="FILE",
        help="Measure this table: CSV in any dialect, gzip, Parquet (with pyarrow).",
    ),
    click.option("--source", metavar="openml:NAME@VERSION", help="Measure this table of OpenML instead."),
    click.option("--target", metavar="COLUMN", help="The column of classes; its place, where there is no header."),
    click.option("--positive", metavar="VALUE", help="The class whose probability is scored, of two."),
    click.option("--drop", metavar="COLUMN", multiple=True, help="Leave this column out."),
    click.option("--group", metavar="COLUMN", help="Rows with one value here stay on one side of every split."),
    click.option("--time", metavar="COLUMN", help="Learn from the past, test on the future."),
    click.option("--name", metavar="NAME", help="What the table is called; by default as its file."),
    click.option("--sep", metavar="CHARACTER", help="What stands between the cells."),
    click.option("--na", metavar="VALUE", multiple=True, help="Stands for a missing cell, beside the usual."),
    click.option("--header/--no-header", default=None, help="Whether the first row holds the names."),
    click.option("--dry-run", is_flag=True, help="Show how the table is understood and write nothing."),
    click.option("--reset", is_flag=True, help="Return to the default table."),
)


@dataclass(frozen=True, slots=True)
class IntakeOptions:
    """What a person asks for; empty is left to be guessed."""

    source: str  # a path, or openml:NAME@VERSION
    target: str
    positive: str = ""
    drop: tuple[str, ...] = ()
    group: str = ""
    time: str = ""
    name: str = ""
    hints: Hints = field(default_factory=Hints)


def intake_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a click command the options that take a table in; it gets them as keyword arguments."""
    for option in reversed(OPTIONS):
        command = option(command)
    return command


def make_options(options: Mapping[str, Any]) -> IntakeOptions | None:
    """Return what the options ask for, None where they ask for no table.

    Raises
    ------
    TableError
        An option needs another one.
    """
    source = options["csv"] or options["source"]
    given = [name for name, value in options.items() if value not in (None, (), False, "")]
    if not source:
        alone = [name for name in given if name not in ("reset", "csv", "source")]
        if alone:
            raise TableError(
                f"--{alone[0].replace('_', '-')}: expected --csv FILE beside it, there is none. Name the file."
            )
        return None
    if (options["csv"] and options["source"]) or options["reset"]:
        raise TableError(f"--{given[-1]}: expected one table, got two. Choose one of --csv, --source and --reset.")
    if options["source"] and not OPENML.fullmatch(source):
        raise TableError(f"--source: expected openml:NAME@VERSION, got {source!r}. For a file say --csv FILE.")
    if options["csv"] and not options["target"]:
        raise TableError("--csv: expected --target COLUMN beside it, there is none. Name the column of classes.")
    texts = {name: options[name] or "" for name in ("target", "positive", "group", "time", "name")}
    sep = SPELLED.get(options["sep"] or "", options["sep"] or "")
    if sep != WHITESPACE and (len(sep) > 1 or sep in ("\n", "\r", '"', "\0")):
        raise TableError(
            f"--sep: expected one character, tab or space, got {options['sep']!r}. Give what stands between cells."
        )
    return IntakeOptions(source, **texts, drop=options["drop"], hints=Hints(sep, options["header"], options["na"]))


def resolve(options: IntakeOptions, names: Sequence[str], form: Format, where: str) -> IntakeOptions:
    """Put the names as they stand in the file in the place of those that a person typed; raises TableError."""

    def find(column: str) -> str:
        if not column or column in names:
            return column
        alike = [name for name in names if name.casefold() == " ".join(column.split()).casefold()]
        if len(alike) == 1:
            return alike[0]
        if not form.header and f"x{column}" in names:
            return f"x{column}"
        near = difflib.get_close_matches(column, names, 1)
        hint = f"Did you mean {near[0]!r}?" if near else "Name one of these."
        hint = hint if form.header else f"{hint} The first row was taken for data: if it holds names, say --header."
        shown = ", ".join(names[:20]) + (", …" if len(names) > 20 else "")
        raise TableError(f"{where}: expected column {column!r}, the columns are {shown:.500}. {hint}")

    found = replace(
        options,
        target=find(options.target),
        group=find(options.group),
        time=find(options.time),
        drop=tuple(dict.fromkeys(map(find, options.drop))),
    )
    if clash := _clash(found):
        raise TableError(f"{where}: expected {clash}. Leave one out.")
    return found


def _clash(found: IntakeOptions) -> str:
    """Return which two wishes do not go together, "" where all do."""
    if found.group and found.time:
        return f"a group or a time, got --group {found.group!r} and --time {found.time!r}"
    tasks: dict[str, str] = {}
    named = [("target", found.target), ("group", found.group), ("time", found.time)]
    for task, name in [*named, *(("drop", name) for name in found.drop)]:
        if name and name in tasks:
            return f"one task a column, got {name!r} as --{tasks[name]} and as --{task}"
        tasks[name] = task
    return ""
