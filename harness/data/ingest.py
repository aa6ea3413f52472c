"""Take a table in: look at the file, write its card, keep a copy; nothing is written before all is understood."""

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

from harness.data import cache
from harness.data.columns import Columns, MisfitError, gather
from harness.data.config import DEFAULT_CARD, Card, ColumnType, Format, TableError, card_text, write_card
from harness.data.dtypes import guess_kind, is_number, to_numbers
from harness.data.options import IntakeOptions, resolve
from harness.data.reader import read_blocks, renamed_columns
from harness.data.sniff import guess_format, survey
from harness.data.source import OPENML, copy_path, is_small, openml_table, original, place
from harness.data.table import Table, build_table, class_name

SAMPLE_ROWS = 20_000  # from which kinds are guessed; a later cell that does not fit makes its column a category
MIN_COUNTED = 20  # rows of a column 1, 2, 3, … before it is taken for a row number
POSITIVE = {"yes", "y", "true", "t", "positive", "pos", "present", "+"}  # what the class that matters is called


@dataclass(frozen=True, slots=True, eq=False)
class Intake:
    """A table that was understood and not written yet; `notes` says, a line each, what was decided for the person."""

    card: Card
    table: Table
    notes: tuple[str, ...]
    content: Path | bytes
    is_small: bool


def infer(root: Path, options: IntakeOptions) -> Intake:
    """Read the table that is wished for and guess its card.

    Raises
    ------
    TableError
        The file is not there or is no table, a column is not in it, or its target holds no classes.
    """
    content, options = _content(root, options)
    with _on_disk(content) as path:
        seen = survey(path)
        form = guess_format(path, seen.encoding, options.target, options.hints)
        sample = next(read_blocks(path, form, n_rows=SAMPLE_ROWS), pd.DataFrame())
        if not len(sample):
            raise TableError(f"{path.name}: expected rows of cells, got a header alone. Put a table there.")
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
                    f"{path.name}: expected columns beside {options.target!r}, got none to learn from. Add some."
                )
            table = build_table(columns, card, path.name)
    return Intake(card, table, _notes(card, table, options, {**doubled, **late, **idle}), content, is_small(path, seen))


def write(root: Path, intake: Intake) -> None:
    """Keep the table under data/ and, last of all, put its card in data/dataset.toml."""
    if intake.is_small:
        if not (root / copy_path(intake.card.name)).exists():  # if it does, infer has made sure that it is the same
            place(intake.content, root / copy_path(intake.card.name))
    else:
        cache.save(root, intake.table)
    write_card(root, card_text(intake.card))


def reset(root: Path) -> None:
    """Put the card of the default table back; copies and caches of other tables stay where they are."""
    if not (root / DEFAULT_CARD).is_file():
        raise TableError(
            f"{DEFAULT_CARD}: expected the card of the default table, got no file. git restore brings it back."
        )
    write_card(root, (root / DEFAULT_CARD).read_text(encoding="utf-8"))


def _content(root: Path, options: IntakeOptions) -> tuple[Path | bytes, IntakeOptions]:
    """Return the table's file or bytes; OpenML tells its target itself."""
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
    """Say what became of each column that shares its name; raises TableError where nobody can know which was meant."""
    for name in (options.target, options.group, options.time):
        if name in renamed.values():
            raise TableError(f"{where}: expected one column {name!r}, got several of that name. Rename all but one.")
    return {name: f"{name!r} is another column that the file calls {plain!r}" for name, plain in renamed.items()}


def _guess_kinds(sample: pd.DataFrame, form: Format, options: IntakeOptions) -> dict[str, ColumnType]:
    taken = {options.target, options.group, *options.drop}
    kinds = {name: guess_kind(sample[name], form) for name in sample.columns if name not in taken}
    if options.time and kinds[options.time] not in (ColumnType.NUMBER, ColumnType.DATE):
        raise TableError(
            f"{options.source}: expected dates or numbers in {options.time!r}, got text. Choose another --time."
        )
    return kinds


def _gather(
    path: Path, form: Format, kinds: dict[str, ColumnType], options: IntakeOptions
) -> tuple[Columns, dict[str, str]]:
    """Read all rows; a column that turns out to hold something else than its sample becomes a category."""
    extra = dict.fromkeys(filter(None, (options.target, options.group)), ColumnType.CATEGORY)
    late: dict[str, str] = {}
    while True:
        try:
            return gather(path, form, {**kinds, **extra}, path.name), late
        except MisfitError as misfit:
            if misfit.column == options.time:
                raise
            kinds[misfit.column] = ColumnType.CATEGORY
            late[misfit.column] = f"{misfit.column!r} is a category: not every cell is a number or a date"


def _idle(columns: Columns, kinds: Mapping[str, ColumnType], options: IntakeOptions) -> dict[str, str]:
    """Return the columns that no model can use, and why."""
    idle = {}
    for name in kinds:
        values = columns.take(name)
        missing = values < 0 if kinds[name] is ColumnType.CATEGORY else np.isnan(values)
        if name != options.time and missing.all():
            idle[name] = f"dropped {name!r}: no cell is filled"
        elif name != options.time and kinds[name] is ColumnType.NUMBER and _counts_rows(values):
            idle[name] = f"dropped {name!r}: it numbers the rows"
    return idle


def _counts_rows(values: np.ndarray[Any, Any]) -> bool:
    counted = np.arange(len(values))
    return len(values) >= MIN_COUNTED and values[0] in (0, 1) and bool((values - values[0] == counted).all())


def _positive(columns: Columns, options: IntakeOptions) -> str:
    """Return the class that was asked for, or the one of two that a person would mean: the larger, yes, the rarer."""
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
    raise TableError(f"{copy_path(name).as_posix()}: expected no other table there, got one. Choose another --name.")


def _plain_name(options: IntakeOptions) -> str:
    stem = options.name or Path(OPENML.sub(r"\g<name>", options.source)).name.split(".")[0]
    return re.sub(r"[^\w.-]+", "-", stem, flags=re.ASCII).strip("-._")[:50] or "table"


def _source(root: Path, source: str) -> str:
    """Return the source as the card tells it: relative to the repository where it lies inside."""
    if OPENML.fullmatch(source):
        return source
    path = (root / Path(source).expanduser()).resolve()
    noted = path.relative_to(root.resolve()) if path.is_relative_to(root.resolve()) else path
    try:
        noted.as_posix().encode()
    except UnicodeEncodeError:
        raise TableError(f"{source!a}: expected a file name of text, got other bytes. Rename the file.") from None
    return noted.as_posix()


def _notes(card: Card, table: Table, options: IntakeOptions, doubled: Mapping[str, str]) -> tuple[str, ...]:
    notes = [*doubled.values(), *_nearly_numbers(table)]
    if card.name != _plain_name(options):
        notes.append(f"called {card.name!r}: {copy_path(_plain_name(options)).as_posix()} holds another table")
    form, plain = card.format, Format()
    noted = {name: getattr(form, name) for name in ("sep", "encoding", "decimal", "thousands")}
    ways = [f"{name} {value!r}" for name, value in noted.items() if value != getattr(plain, name)]
    ways += [] if form.header else ["no header"]
    ways += ["the day before the month"] if form.day_first else []
    notes += [f"read with {', '.join(ways)}"] if ways else []
    if len(table.classes) > 2:
        notes.append(f"{len(table.classes)} classes: val_auc is the mean AUC of each one against the rest")
    elif not options.positive:
        notes.append(f"the positive class is {card.positive!r}; for the other say --positive {table.classes[0]!r}")
    return tuple(notes)


def _nearly_numbers(table: Table) -> Iterator[str]:
    """Say of a category that is almost a number what keeps it from being one."""
    for name, texts in table.features.categories.items():
        wrong = to_numbers(pd.Series(texts), ColumnType.NUMBER, table.card.format)[1]
        if 0 < wrong.sum() <= len(texts) / 10:
            other = f"{texts[int(wrong.argmax())]!r:.30}"
            yield f"{name!r} is a category because of {other}; if that means missing, say --na {other}"
