"""Ingest a table: infer its config from the file, then write data/dataset.toml and a copy of the table.

Nothing is written before the whole file was read.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from harness.data.build import build_table, class_name
from harness.data.columns import Columns, MisfitError, gather
from harness.data.config import DEFAULT_CARD, Card, ColumnType, Format, TableError, card_text, copy_path, write_card
from harness.data.dtypes import guess_kind, is_number, to_numbers
from harness.data.options import IntakeOptions, resolve
from harness.data.reader import read_blocks, renamed_columns
from harness.data.sniff import guess_format, survey
from harness.data.source import OPENML, is_small, openml_table, original, place
from harness.data.table import Table, save

SAMPLE_ROWS = 20_000  # from which column types are inferred; a later cell of another type makes a category
MIN_COUNTED = 20  # rows; a shorter column 1, 2, 3, … may be a measurement rather than a row number
POSITIVE = {"yes", "y", "true", "t", "positive", "pos", "present", "+"}  # usual names of the positive class


@dataclass(frozen=True, slots=True, eq=False)
class Intake:
    """A table that was read and not written yet; `notes` lists what was inferred, one line each."""

    card: Card
    table: Table
    notes: tuple[str, ...]
    content: Path | bytes
    is_small: bool


def infer(root: Path, options: IntakeOptions) -> Intake:
    """Read the table that the options name, and infer its config.

    Raises
    ------
    TableError
        The file is missing or no table, a named column is missing, or the target holds no classes.
    """
    content, options = _content(root, options)
    with _on_disk(content) as path:
        seen = survey(path)
        form = guess_format(path, seen.encoding, options.target, options.hints)
        sample = next(read_blocks(path, form, n_rows=SAMPLE_ROWS), pd.DataFrame())
        if not len(sample):
            raise TableError(f"{path.name}: the file has a header and no rows. Add rows.")
        options = resolve(options, list(sample.columns), form, path.name)
        doubled = _doubled(renamed_columns(path, form), options, path.name)
        kinds = _guess_kinds(sample, form, options)
        columns, late = _gather(path, form, kinds, options)
        with columns:
            idle = _idle(columns, kinds, options)
            card = Card(
                name=_name(root, options, seen.sha256),
                source=_source(root, options.source),
                target=options.target,
                sha256=seen.sha256,
                kinds={name: kind for name, kind in columns.kinds.items() if name in kinds and name not in idle},
                positive=_positive(columns, options),
                drop=(*options.drop, *idle),
                group=options.group,
                time=options.time,
                format=form,
            )
            if not card.features:
                raise TableError(
                    f"{path.name}: no feature column is left besides {options.target!r}. Add one, or drop fewer."
                )
            table = build_table(columns, card, path.name)
    return Intake(card, table, _notes(card, table, options, {**doubled, **late, **idle}), content, is_small(path, seen))


def write(root: Path, intake: Intake) -> None:
    """Copy the table to data/, then write data/dataset.toml."""
    if intake.is_small:
        if not (root / copy_path(intake.card.name)).exists():  # else it has the same content: infer checks that
            place(intake.content, root / copy_path(intake.card.name))
    else:
        save(root, intake.table)
    write_card(root, card_text(intake.card))


def reset(root: Path) -> None:
    """Restore data/dataset.toml of the default table; copies and caches of other tables are kept."""
    if not (root / DEFAULT_CARD).is_file():
        raise TableError(f"{DEFAULT_CARD}: the file is missing. Restore it: git restore {DEFAULT_CARD}")
    write_card(root, (root / DEFAULT_CARD).read_text(encoding="utf-8"))


def _content(root: Path, options: IntakeOptions) -> tuple[Path | bytes, IntakeOptions]:
    """Return the table's path or bytes, and the options with the target that OpenML names."""
    if not (match := OPENML.fullmatch(options.source)):
        return original(root, options.source), options
    content, target = openml_table(match["name"], int(match["version"]))
    return content, replace(options, target=options.target or target)


@contextmanager
def _on_disk(content: Path | bytes) -> Iterator[Path]:
    if isinstance(content, Path):
        yield content
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "table.csv")
        path.write_bytes(content)
        yield path


def _doubled(renamed: Mapping[str, str], options: IntakeOptions, where: str) -> dict[str, str]:
    """Return a note for each renamed duplicate column; raises TableError if a duplicate is target, group or time."""
    for name in (options.target, options.group, options.time):
        if name in renamed.values():
            raise TableError(f"{where}: several columns are named {name!r}. Rename all but one.")
    return {name: f"renamed a second column {plain!r} to {name!r}" for name, plain in renamed.items()}


def _guess_kinds(sample: pd.DataFrame, form: Format, options: IntakeOptions) -> dict[str, ColumnType]:
    taken = {options.target, options.group, *options.drop}
    kinds = {name: guess_kind(sample[name], form) for name in sample.columns if name not in taken}
    if options.time and kinds[options.time] not in (ColumnType.NUMBER, ColumnType.DATE):
        raise TableError(f"{options.source}: column {options.time!r} holds text, no times. Choose another --time.")
    return kinds


def _gather(
    path: Path, form: Format, kinds: dict[str, ColumnType], options: IntakeOptions
) -> tuple[Columns, dict[str, str]]:
    """Read all rows; a column whose later cells do not fit the type of its sample becomes a category."""
    extra = dict.fromkeys(filter(None, (options.target, options.group)), ColumnType.CATEGORY)
    late: dict[str, str] = {}
    while True:
        try:
            return gather(path, form, {**kinds, **extra}, path.name), late
        except MisfitError as misfit:
            if misfit.column == options.time:
                raise
            kinds[misfit.column] = ColumnType.CATEGORY
            late[misfit.column] = f"{misfit.column!r} is a category: some cells are neither numbers nor dates"


def _idle(columns: Columns, kinds: Mapping[str, ColumnType], options: IntakeOptions) -> dict[str, str]:
    """Return the columns that no model can use, with the reason."""
    idle = {}
    for name in kinds:
        values = columns.take(name)
        missing = values < 0 if kinds[name] is ColumnType.CATEGORY else np.isnan(values)
        if name != options.time and missing.all():
            idle[name] = f"dropped {name!r}: every cell is missing"
        elif name != options.time and kinds[name] is ColumnType.NUMBER and _counts_rows(values):
            idle[name] = f"dropped {name!r}: it is a row number"
    return idle


def _counts_rows(values: np.ndarray[Any, Any]) -> bool:
    counted = np.arange(len(values))
    return len(values) >= MIN_COUNTED and values[0] in (0, 1) and bool((values - values[0] == counted).all())


def _positive(columns: Columns, options: IntakeOptions) -> str:
    """Return the requested positive class, else the larger number, a name such as yes, or the rarer class."""
    texts = columns.categories[options.target]
    names = list(dict.fromkeys(map(class_name, texts)))
    if options.positive:
        plain = {name.strip("'\" ").casefold(): name for name in names}
        asked = class_name(options.positive)
        return asked if asked in names else plain.get(asked.strip("'\" ").casefold(), asked)
    if len(names) != 2:
        return ""
    if all(is_number(name) for name in names):
        return max(names, key=float)
    called = [name for name in names if name.strip("'\"").casefold() in POSITIVE]
    if len(called) == 1:
        return called[0]
    counts = np.bincount(columns.take(options.target) + 1, minlength=len(texts) + 1)[1:]
    return min(sorted(names, reverse=True), key=lambda name: int(counts[texts.index(name)]))


def _name(root: Path, options: IntakeOptions, sha256: str) -> str:
    """Return a name whose copy under data/ is free, or is this very table."""
    name = _plain_name(options)
    for number in range(1, 1000):
        candidate = name if number == 1 else f"{name}-{number}"
        copy = root / copy_path(candidate)
        if not copy.exists() or survey(copy).sha256 == sha256:
            return candidate
        if options.name:
            break
    raise TableError(f"{copy_path(name).as_posix()}: another table has this name. Choose another --name.")


def _plain_name(options: IntakeOptions) -> str:
    stem = options.name or Path(OPENML.sub(r"\g<name>", options.source)).name.split(".")[0]
    return re.sub(r"[^\w.-]+", "-", stem, flags=re.ASCII).strip("-._")[:50] or "table"


def _source(root: Path, source: str) -> str:
    """Return the source as the config records it: relative to the repository if it lies inside."""
    if OPENML.fullmatch(source):
        return source
    path = (root / Path(source).expanduser()).resolve()
    noted = path.relative_to(root.resolve()) if path.is_relative_to(root.resolve()) else path
    try:
        noted.as_posix().encode()
    except UnicodeEncodeError:
        raise TableError(f"{source!a}: the file name is not valid text. Rename the file.") from None
    return noted.as_posix()


def _notes(card: Card, table: Table, options: IntakeOptions, doubled: Mapping[str, str]) -> tuple[str, ...]:
    notes = [*doubled.values(), *_nearly_numbers(table)]
    if card.name != _plain_name(options):
        notes.append(f"named {card.name!r}: {copy_path(_plain_name(options)).as_posix()} holds another table")
    form, plain = card.format, Format()
    noted = {name: getattr(form, name) for name in ("sep", "encoding", "decimal", "thousands")}
    ways = [f"{name} {value!r}" for name, value in noted.items() if value != getattr(plain, name)]
    ways += [] if form.header else ["no header"]
    ways += ["days before months"] if form.day_first else []
    notes += [f"read with {', '.join(ways)}"] if ways else []
    if len(table.classes) > 2:
        notes.append(f"{len(table.classes)} classes: val_auc is the mean one-vs-rest AUC")
    elif not options.positive:
        notes.append(f"the positive class is {card.positive!r}; for the other use --positive {table.classes[0]!r}")
    return tuple(notes)


def _nearly_numbers(table: Table) -> Iterator[str]:
    """Yield a note for each category whose cells are numbers but for a few."""
    for name, texts in table.features.categories.items():
        wrong = to_numbers(pd.Series(texts), ColumnType.NUMBER, table.card.format)[1]
        if 0 < wrong.sum() <= len(texts) / 10:
            other = f"{texts[int(wrong.argmax())]!r:.30}"
            yield f"{name!r} is a category because of {other}; if that means missing, use --na {other}"
