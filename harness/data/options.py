"""The command-line options of prepare.py that choose a table, and their validation."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import click

from harness.data.config import WHITESPACE, Format, TableError
from harness.data.sniff import Hints
from harness.data.source import OPENML

SPELLED = {"\\t": "\t", "tab": "\t", "space": WHITESPACE, " ": WHITESPACE, "comma": ",", "semicolon": ";"}

OPTIONS: Sequence[click.Parameter] = (
    click.Option(
        ["--csv"], metavar="FILE", help="Use this table: CSV in any dialect, plain or compressed, or Parquet."
    ),
    click.Option(["--source"], metavar="openml:NAME@VERSION", help="Use this OpenML table instead of a file."),
    click.Option(
        ["--target"], metavar="COLUMN", help="Label column: a name, or a position from 1, or from -1 at the end."
    ),
    click.Option(["--positive"], metavar="VALUE", help="Positive class of a two-class target."),
    click.Option(["--drop"], metavar="COLUMN", multiple=True, help="Exclude this column; repeatable."),
    click.Option(["--group"], metavar="COLUMN", help="Keep rows that share a value here on one side of every split."),
    click.Option(["--time"], metavar="COLUMN", help="Split by time: fit on earlier rows, score later ones."),
    click.Option(["--name"], metavar="NAME", help="Name of the table; by default that of the file."),
    click.Option(["--sep"], metavar="CHARACTER", help="Column separator: one character, tab or space."),
    click.Option(["--na"], metavar="VALUE", multiple=True, help="Treat this value as missing, too; repeatable."),
    click.Option(["--keep-na"], metavar="VALUE", multiple=True, help="Treat this text, such as None, as a category."),
    click.Option(["--drop-unlabelled"], is_flag=True, help="Leave out the rows without a label."),
    click.Option(["--join-spellings"], is_flag=True, help="Join classes such as yes, Yes and 'YES '."),
    click.Option(["--header/--no-header"], default=None, help="Whether the first row holds the column names."),
    click.Option(["--dry-run"], is_flag=True, help="Show how the table is read, and write nothing."),
    click.Option(["--reset"], is_flag=True, help="Return to the default table."),
)


@dataclass(frozen=True, slots=True)
class IntakeOptions:
    """The validated options; an empty one is inferred from the file."""

    source: str  # a path, or openml:NAME@VERSION
    target: str
    positive: str = ""
    drop: tuple[str, ...] = ()
    group: str = ""
    time: str = ""
    name: str = ""
    drop_unlabelled: bool = False
    join_spellings: bool = False
    hints: Hints = field(default_factory=Hints)


def make_options(options: Mapping[str, Any]) -> IntakeOptions | None:
    """Return the validated options, or None if they name no table.

    Raises
    ------
    TableError
        An option is invalid, lacks another one, or excludes another one.
    """
    source = options["csv"] or options["source"]
    given = [name for name, value in options.items() if value not in (None, (), False, "")]
    if not source:
        alone = [name for name in given if name not in ("reset", "csv", "source")]
        if alone:
            raise TableError(f"--{alone[0].replace('_', '-')}: no table is given. Add --csv FILE.")
        return None
    if (options["csv"] and options["source"]) or options["reset"]:
        raise TableError(f"--{given[-1]}: --csv, --source and --reset exclude each other. Use one of them.")
    if options["source"] and not OPENML.fullmatch(source):
        raise TableError(f"--source: {source!r} is not of the form openml:NAME@VERSION. For a file, use --csv FILE.")
    if options["csv"] and not options["target"]:
        raise TableError("--csv: no label column is given. Add --target COLUMN.")
    texts = {name: options[name] or "" for name in ("target", "positive", "group", "time", "name")}
    sep = SPELLED.get(options["sep"] or "", options["sep"] or "")
    if sep != WHITESPACE and (len(sep) > 1 or sep in ("\n", "\r", '"', "\0")):
        raise TableError(f"--sep: {options['sep']!r} is no separator. Use one character, tab or space.")
    hints = Hints(sep, options["header"], options["na"], options["keep_na"])
    return IntakeOptions(
        source,
        **texts,
        drop=options["drop"],
        drop_unlabelled=bool(options["drop_unlabelled"]),
        join_spellings=bool(options["join_spellings"]),
        hints=hints,
    )


def resolve(options: IntakeOptions, names: Sequence[str], form: Format, where: str) -> IntakeOptions:
    """Replace the column names that were typed by those of the file; raises TableError for an unknown one."""

    def find(column: str) -> str:
        if not column or column in names:
            return column
        alike = [name for name in names if name.casefold() == " ".join(column.split()).casefold()]
        if len(alike) == 1:
            return alike[0]
        if re.fullmatch(r"-?[1-9]\d{0,5}", column) and abs(int(column)) <= len(names):
            place = int(column)
            return names[place - 1 if place > 0 else place]
        near = difflib.get_close_matches(column, names, 1)
        hint = f"Did you mean {near[0]!r}?" if near else "Use one of these names."
        hint = hint if form.header else f"{hint} The first row was read as data; if it holds names, add --header."
        shown = ", ".join(names[:20]) + (", …" if len(names) > 20 else "")
        raise TableError(f"{where}: no column {column!r}. The columns are {shown:.500}. {hint}")

    found = replace(
        options,
        target=find(options.target),
        group=find(options.group),
        time=find(options.time),
        drop=tuple(dict.fromkeys(map(find, options.drop))),
    )
    if clash := _clash(found):
        raise TableError(f"{where}: {clash}. Leave one out.")
    return found


def _clash(found: IntakeOptions) -> str:
    """Return which two options contradict each other, or "" if none do."""
    if found.group and found.time:
        return f"--group {found.group!r} and --time {found.time!r} cannot be combined"
    roles: dict[str, str] = {}
    named = [("target", found.target), ("group", found.group), ("time", found.time)]
    for role, name in [*named, *(("drop", name) for name in found.drop)]:
        if name and name in roles:
            return f"column {name!r} is given as --{roles[name]} and as --{role}"
        roles[name] = role
    return ""
