"""Build a table from its source, as data/dataset.toml describes it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from harness.data.columns import Columns, gather
from harness.data.config import CARD, Card, ColumnType, TableError
from harness.data.dtypes import Flags, is_number
from harness.data.reader import column_names
from harness.data.source import fetch
from harness.data.table import Codes, Features, Floats, Integers, Rows, Table, cached_table, make_table, save

MAX_CLASSES = 100  # more are most likely names or amounts
MANY_NUMBERS = 20  # more different numbers in a target are amounts, not classes


def read_table(root: Path, card: Card) -> Table:
    """Return the table of `card`. It is read from its source if there is no cache, or if its copy has changed.

    Raises
    ------
    TableError
        The source is missing, has another sha256, or does not match the config; the cache is damaged.
    """
    cached = cached_table(root, card)
    if cached is not None:
        return cached
    table = build(root, card)
    try:
        save(root, table)
    except OSError:  # a folder that cannot be written to
        return table
    del table  # before the mapped one is loaded: both would take twice the memory
    return read_table(root, card)


def build(root: Path, card: Card) -> Table:
    """Read the table of `card` from its copy under data/, which is made if it is missing.

    Raises
    ------
    TableError
        The source is missing, has another sha256, or does not match the config.
    """
    path = fetch(root, card)
    _check_columns(column_names(path, card.format), card, path.name)
    kinds = {**card.kinds, card.target: ColumnType.CATEGORY} | ({card.group: ColumnType.CATEGORY} if card.group else {})
    with gather(path, card.format, kinds, path.name) as columns:
        return build_table(columns, card, path.name)


def build_table(columns: Columns, card: Card, where: str) -> Table:
    """Build a Table from its columns; `where` begins the message of an error.

    Raises
    ------
    TableError
        A row has no label or no time, or the target is no set of classes.
    """
    rows = np.ones(columns.n_rows, np.bool_)
    if card.drop_unlabelled:
        rows = columns.take(card.target) >= 0
    y, classes = _classes(columns, rows, card, where)
    numeric = [name for name in card.features if card.kinds[name] is not ColumnType.CATEGORY]
    text = [name for name in card.features if card.kinds[name] is ColumnType.CATEGORY]
    features = Features(
        names=card.features,
        numbers=_stack(columns, numeric, rows, np.float64),
        codes=_stack(columns, text, rows, np.int32),
        categories={name: columns.categories[name] for name in text},
    )
    groups = _groups(columns.take(card.group)[rows], columns.categories[card.group]) if card.group else None
    times = _times(columns.take(card.time)[rows], card.time, where) if card.time else None
    return make_table(card, features, Rows(y, classes, groups, times))


def _check_columns(names: Sequence[str], card: Card, where: str) -> None:
    """Raise TableError unless the file and the config name the same columns."""
    named = [name for name in (card.target, card.group, *card.kinds, *card.drop) if name]
    for name in named:
        if name not in names:
            shown = ", ".join(names[:20]) + ", …" * (len(names) > 20)
            raise TableError(f"{where}: no column {name!r}. The columns are {shown:.500}. Correct {CARD}.")
    for name in names:
        if name not in named:
            raise TableError(f"{CARD}: column {name!r} of {where} is not listed. Give it a kind or drop it.")


def class_name(text: str) -> str:
    """Return the name of a class: a whole number without decimals, other text unchanged."""
    found = re.fullmatch(r"[+]?(-?)(0|[1-9]\d*)(\.0*)?", text)
    return f"{found[1]}{found[2]}" if found else text


def spelling_key(text: str) -> str:
    """Return what the spellings of one thing share: capitals, blanks and the notation of a number do not count."""
    key = " ".join(text.split()).casefold()
    return class_name(re.sub(r"^([-+]?)0+(?=\d)", r"\1", key)) if is_number(key) else key


def class_order(names: Sequence[str], positive: str) -> tuple[str, ...]:
    """Return the classes sorted as numbers, or else as text; of two, the positive one last."""
    are_numbers = all(map(is_number, names))
    ordered = sorted(sorted(set(names)), key=float) if are_numbers else sorted(set(names))
    return tuple(sorted(ordered, key=lambda name: name == positive) if len(ordered) == 2 else ordered)


def class_names(texts: Sequence[str], *, join: bool) -> list[str]:
    """Return the name of the class of each text; with `join`, all spellings have the name of the first one."""
    names = [class_name(text) for text in texts]
    if not join:
        return names
    first: dict[str, str] = {}
    return [first.setdefault(spelling_key(name), name) for name in names]


def _classes(columns: Columns, rows: Flags, card: Card, where: str) -> tuple[Integers, tuple[str, ...]]:
    codes = columns.take(card.target)[rows]
    if (codes < 0).any():
        raise _unlabelled(columns, codes, card, where)
    names = class_names(columns.categories[card.target], join=card.join_spellings)
    classes = class_order(names, card.positive)
    _check_classes(classes, card, where)
    places = np.array([classes.index(name) for name in names], np.int64)
    return places[codes], classes


def _unlabelled(columns: Columns, codes: Codes, card: Card, where: str) -> TableError:
    cells = [f"{count:,} times {text!r}" for text, (count, _) in columns.markers(card.target).items()]
    markers = [text for text in columns.markers(card.target) if text]
    keep = f"If {markers[0]!r} is a class, use --keep-na {markers[0]!r}; otherwise remove" if markers else "Remove"
    shown = f" ({', '.join(cells)})" if cells else ""
    return TableError(
        f"{where}: {(codes < 0).sum()} rows have no label in {card.target!r}, the first is row "
        f"{(codes < 0).argmax() + 1}{shown}. {keep} these rows, or use --drop-unlabelled."
    )


def _check_classes(classes: Sequence[str], card: Card, where: str) -> None:
    shown, target = ", ".join(name[:20] for name in classes[:5]) + ", …" * (len(classes) > 5), repr(card.target)
    if len(classes) < 2:
        got = f"the single class {shown}" if classes else "no rows"
        raise TableError(f"{where}: target {target} has {got}. Choose another --target.")
    if len(classes) > MANY_NUMBERS and all(map(is_number, classes)):
        raise TableError(
            f"{where}: target {target} has {len(classes)} different numbers ({shown}), which are no classes. "
            "Add a column of classes, such as whether the number is above a limit, and --drop this one."
        )
    if len(classes) > MAX_CLASSES:
        raise TableError(
            f"{where}: target {target} has {len(classes)} classes ({shown}), more than {MAX_CLASSES}. "
            "Choose another --target, or merge rare classes."
        )
    if card.positive and len(classes) > 2:
        raise TableError(
            f"{where}: positive is {card.positive!r}, but the target has {len(classes)} classes ({shown}). "
            "Leave it out: more than two classes are scored by their mean one-vs-rest AUC."
        )
    if card.positive and card.positive not in classes:
        raise TableError(
            f"{where}: positive is {card.positive!r}, but the classes are {' and '.join(classes)}. "
            f"Name one of them with --positive, or in {CARD}."
        )


def _groups(codes: Codes, texts: Sequence[str]) -> Integers:
    """Give each entity a number, however it is spelled, and each row without a group a group of its own."""
    numbers: dict[str, int] = {}
    entities = np.array([numbers.setdefault(spelling_key(text), len(numbers)) for text in texts] + [-1], np.int64)
    groups = entities[codes]
    alone = groups < 0
    groups[alone] = np.arange(alone.sum()) + len(codes)
    return groups


def _times(times: Floats, name: str, where: str) -> Floats:
    missing = np.isnan(times)
    if missing.any():
        raise TableError(
            f"{where}: {missing.sum()} rows have no time in {name!r}, the first is row {missing.argmax() + 1}. "
            "Fill them in, remove these rows, or split without --time."
        )
    return times


def _stack(columns: Columns, names: Sequence[str], rows: Flags, dtype: type[np.generic]) -> np.ndarray[Any, Any]:
    """Return the columns as one block, filled column by column to avoid a second copy of all of them."""
    block = np.empty((len(names), int(rows.sum())), dtype)
    for row, name in zip(block, names, strict=True):
        row[:] = columns.take(name)[rows]
    return block
