"""The table that is measured, from its card: the door that prepare.py knocks at."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from harness.data import cache
from harness.data.columns import gather
from harness.data.config import CARD, Card, ColumnType, TableError, read_card
from harness.data.preview import describe
from harness.data.reader import column_names
from harness.data.source import copy_path, fetch
from harness.data.table import Table, build_table, cell_kinds

__all__ = ["CARD", "Card", "ColumnType", "Table", "TableError", "content_hash", "describe", "read_card", "read_table"]


def read_table(root: Path, card: Card) -> Table:
    """Return the table of `card`, from its copy under data/, which is made if it is not there.

    A large table is read from its source once; after that it is mapped, read-only, from its binary cache.

    Raises
    ------
    TableError
        The source cannot be had, is not the one on the card, or does not hold what the card says.
    """
    table = cache.load(root, card)
    if table is not None:
        return table
    path = fetch(root, card)
    _check_columns(column_names(path, card.format), card, path.name)
    with gather(path, card.format, cell_kinds(card), path.name) as columns:
        table = build_table(columns, card, path.name)
    if path == root / copy_path(card.name):
        return table
    cache.save(root, table)
    del table  # the mapped one takes its place: both would be twice the memory
    return read_table(root, card)


def content_hash(table: Table) -> str:
    """Return what the table adds to the fingerprint: the sha256 of every cell, every class and the card."""
    return table.digest


def _check_columns(names: Sequence[str], card: Card, where: str) -> None:
    """The file and the card name the same columns."""
    named = [name for name in (card.target, card.group, *card.kinds, *card.drop) if name]
    for name in named:
        if name not in names:
            shown = ", ".join(names[:20]) + ", …" * (len(names) > 20)
            raise TableError(f"{where}: expected column {name!r}, the columns are {shown:.500}. Correct {CARD}.")
    for name in names:
        if name not in named:
            raise TableError(
                f"{CARD}: expected a task for column {name!r} of {where}, got none. Give it a kind or drop it."
            )
