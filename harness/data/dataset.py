"""Load the table described by data/dataset.toml."""

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

__all__ = ["CARD", "Card", "ColumnType", "Table", "TableError", "describe", "read_card", "read_table"]


def read_table(root: Path, card: Card) -> Table:
    """Return the table of `card` from its copy under data/, which is made if it is missing.

    A large table is read from its source once, and memory-mapped from its binary cache after that.

    Raises
    ------
    TableError
        The source is missing, has another sha256, or does not match the config.
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
    del table  # before the mapped one is loaded: both would take twice the memory
    return read_table(root, card)


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
