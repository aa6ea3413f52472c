"""Read new rows for prediction with the config of the training table, block by block.

Memory use is that of one block. Cells are converted as for training: both use harness/data/dtypes.py.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from harness.data.config import Card, ColumnType, TableError
from harness.data.dtypes import LARGEST, to_codes, to_numbers, too_large
from harness.data.reader import column_names, read_blocks
from harness.data.table import look_up

BLOCK_CELLS = 500_000
BLOCK_ROWS = 20_000


@dataclass(frozen=True, slots=True)
class Block:
    """Consecutive rows: `first` is the 1-based number of the first one, `ids` are the cells of the id column."""

    first: int
    X: pd.DataFrame
    ids: Sequence[str]
    unseen: Mapping[str, int]  # number of cells of each column with an unknown category


def check_columns(path: Path, card: Card, id_column: str = "") -> list[str]:
    """Return the columns of the file that are not used. Raises TableError if a feature is missing."""
    names = column_names(path, card.format)
    missing = [name for name in card.features if name not in names]
    if missing:
        shown = ", ".join(map(repr, missing[:10])) + ", …" * (len(missing) > 10)
        has = ", ".join(names[:20]) + ", …" * (len(names) > 20)
        raise TableError(
            f"{path.name}: {len(missing)} of the {len(card.features)} feature columns are missing ({shown:.300}). "
            f"The file has {has:.300}. Rename or add columns, or write the file with {_style(card)}."
        )
    if id_column and id_column not in names:
        raise TableError(f"{path.name}: no column {id_column!r}. For --id, choose one of {', '.join(names[:20]):.300}.")
    known = {*card.features, card.target, card.group, card.time, *card.drop, id_column}
    return [name for name in names if name not in known]


def read_rows(
    path: Path, card: Card, *, id_column: str = "", categories: Mapping[str, Sequence[str]] | None = None
) -> Iterator[Block]:
    """Yield the rows in blocks, with the columns and types of the training table.

    Parameters
    ----------
    categories : mapping of str to sequence of str
        The categories that the model knows. Others are counted in these columns.

    Raises
    ------
    TableError
        The file cannot be read, or a cell does not fit the type of its column.
    """
    wanted = [*card.features, *([id_column] if id_column else [])]
    numbers = [name for name in card.features if card.kinds[name] is ColumnType.NUMBER and name != id_column]
    n_rows = max(1, min(BLOCK_ROWS, BLOCK_CELLS // len(wanted)))
    known = {name: frozenset(values) for name, values in (categories or {}).items()}
    first = 1
    for cells in read_blocks(path, card.format, columns=wanted, numbers=numbers, n_rows=n_rows, empty=True):
        for start in range(0, len(cells), n_rows):  # Parquet blocks have another size
            part = cells.iloc[start : start + n_rows].reset_index(drop=True)
            yield _block(part, first, path, card, id_column, known)
            first += len(part)


def _block(
    cells: pd.DataFrame, first: int, path: Path, card: Card, id_column: str, known: Mapping[str, frozenset[str]]
) -> Block:
    columns: dict[str, Any] = {}
    unseen: dict[str, int] = {}
    for name in card.features:
        if card.kinds[name] is not ColumnType.CATEGORY:
            columns[name] = _numbers(cells[name], first, path, card)
            continue
        columns[name] = _texts(cells[name], card)
        if name in known:
            unseen[name] = int((columns[name].notna() & ~columns[name].isin(known[name])).sum())
    ids = cells[id_column].fillna("").astype(str).tolist() if id_column else []
    return Block(first, pd.DataFrame(columns), ids, unseen)


def _numbers(cells: pd.Series[Any], first: int, path: Path, card: Card) -> Any:
    name = str(cells.name)
    numbers, wrong = to_numbers(cells, card.kinds[name], card.format)
    if (refused := wrong | too_large(numbers)).any():
        place = int(refused.argmax())
        reason = f"is no {card.kinds[name]}" if wrong[place] else f"exceeds {LARGEST:g}"
        raise TableError(
            f"{path.name}: column {name!r}, row {first + place}: {cells.iloc[place]!r:.40} {reason}. "
            "Correct the cell, or leave it empty."
        )
    return numbers


def _texts(cells: pd.Series[Any], card: Card) -> Any:
    known: dict[str, int] = {}
    codes = to_codes(cells, known, card.format)
    return look_up(list(known), codes)


def _style(card: Card) -> str:
    header = "a header" if card.format.header else "no header"
    return f"the separator {card.format.sep!r} and {header}, like the training table"
