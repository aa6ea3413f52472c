"""Ingest a table: infer its config from the file, then write data/dataset.toml and a copy of the table.

Nothing is written before the whole file was read.
"""

from __future__ import annotations

import re
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from harness.data.build import build_table, class_name, class_names
from harness.data.columns import Columns
from harness.data.config import DEFAULT_CARD, Card, ColumnType, Format, TableError, card_text, copy_path, write_card
from harness.data.dtypes import is_number
from harness.data.infer_types import gather_all, spelling_notes
from harness.data.options import IntakeOptions, resolve
from harness.data.reader import column_names, renamed_columns
from harness.data.scan import scan
from harness.data.sniff import guess_format, survey
from harness.data.source import OPENML, is_small, openml_table, original, place
from harness.data.table import Table, save

MIN_COUNTED = 20  # rows; a shorter column 1, 2, 3, … may be a measurement rather than a row number
REFUSED = re.compile(r'[\[\]<>{}",:]')  # by the libraries, in the name of a column
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
        options = resolve(options, column_names(path, form), form, path.name)
        form, rows = scan(path, form, len(column_names(path, form)))
        doubled = _doubled(renamed_columns(path, form), options, path.name)
        with gather_all(path, form, options, rows.zeros) as (columns, notes):
            idle = _idle(columns, options)
            card = Card(
                name=_name(root, options, seen.sha256),
                source=_source(root, options.source),
                target=options.target,
                sha256=seen.sha256,
                kinds={name: columns.kinds[name] for name in columns.features if name not in idle},
                positive=_positive(columns, options),
                drop=(*options.drop, *idle),
                group=options.group,
                time=options.time,
                drop_unlabelled=options.drop_unlabelled,
                join_spellings=options.join_spellings,
                format=columns.form,
            )
            if not card.features:
                raise TableError(
                    f"{path.name}: no feature column is left besides {options.target!r}. Add one, or drop fewer."
                )
            table = build_table(columns, card, path.name)
            all_notes = (*rows.notes(), *doubled, *notes, *idle.values(), *_notes(card, columns, table, options))
    return Intake(card, table, all_notes, content, is_small(path, seen))


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


def _doubled(renamed: Mapping[str, str], options: IntakeOptions, where: str) -> list[str]:
    """Return a note for each renamed duplicate column; raises TableError if a duplicate is target, group or time."""
    for name in (options.target, options.group, options.time):
        if name in renamed.values():
            raise TableError(f"{where}: several columns are named {name!r}. Rename all but one.")
    return [f"renamed a second column {plain!r} to {name!r}" for name, plain in renamed.items()]


def _idle(columns: Columns, options: IntakeOptions) -> dict[str, str]:
    """Return the columns that no model can use, with the reason."""
    idle, kinds = {}, columns.kinds
    for name in columns.features:
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
    of_text = class_names(texts, join=options.join_spellings)
    names = list(dict.fromkeys(of_text))
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
    counts = Counter(of_text[code] for code in columns.take(options.target) if code >= 0)
    return min(sorted(names, reverse=True), key=lambda name: counts[name])


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


def _notes(card: Card, columns: Columns, table: Table, options: IntakeOptions) -> Iterator[str]:
    if card.name != _plain_name(options):
        yield f"named {card.name!r}: {copy_path(_plain_name(options)).as_posix()} holds another table"
    form, plain = card.format, Format()
    noted = {name: getattr(form, name) for name in ("sep", "encoding", "decimal", "thousands")}
    ways = [f"{name} {value!r}" for name, value in noted.items() if value != getattr(plain, name)]
    ways += [] if form.header else ["no header"]
    ways += [f"{form.skip} lines above the header left out"] if form.skip else []
    ways += [] if form.quotes else ["quotation marks as plain text"]
    ways += ["days before months"] if form.day_first else []
    if ways:
        yield f"read with {', '.join(ways)}"
    yield from spelling_notes(card, columns)
    if refused := [name for name in card.features if REFUSED.search(name)]:
        shown = ", ".join(map(repr, refused[:3])) + ", …" * (len(refused) > 3)
        yield (
            f"LightGBM or XGBoost refuse the names {shown}: for these models, rename in feature_fn: "
            'return X.set_axis([f"x{i}" for i in range(X.shape[1])], axis=1)'
        )
    if len(table.classes) > 2:
        yield f"{len(table.classes)} classes: val_auc is the mean one-vs-rest AUC"
    elif not options.positive:
        yield f"the positive class is {card.positive!r}; for the other use --positive {table.classes[0]!r}"
