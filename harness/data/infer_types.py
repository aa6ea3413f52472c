"""Read all rows at intake, and decide the type of every column from all of its cells."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd

from harness.data.build import class_name, spelling_key
from harness.data.cells import NOTATIONS
from harness.data.columns import Columns, MisfitError, UndecidedError, gather
from harness.data.config import Card, ColumnType, Format, TableError
from harness.data.decide import MIN_DATES, Decision, choose, decide
from harness.data.dtypes import EXACT, has_leading_zero, is_number
from harness.data.options import IntakeOptions
from harness.data.reader import MISSING, column_names, read_blocks

SAMPLE_ROWS = 20_000  # from which the columns of plain numbers are guessed; other cells further down are decided again
FIRST_DAY, LAST_DAY = 19000101, 21001231


@contextmanager
def gather_all(
    path: Path, form: Format, options: IntakeOptions, zeros: Iterable[int]
) -> Iterator[tuple[Columns, list[str]]]:
    """Read all rows and yield the columns with their types, and notes on what was decided.

    `zeros` are the places of the columns in which a number begins with a zero.
    """
    names = column_names(path, form)
    wanted = [name for name in names if name not in options.drop]
    sample = next(read_blocks(path, form, columns=wanted, n_rows=SAMPLE_ROWS), pd.DataFrame())
    if not len(sample):
        raise TableError(f"{path.name}: the file has a header and no rows. Add rows.")
    text = {options.target, options.group} | {names[place] for place in zeros if place < len(names)}
    kinds = {name: _sampled(sample[name], form) if name not in text else ColumnType.CATEGORY for name in wanted}
    while True:
        try:
            columns = gather(path, form, kinds, path.name, undecided=True)
        except UndecidedError as error:
            kinds |= dict.fromkeys(error.columns, ColumnType.CATEGORY)
            continue
        with columns:
            columns.features = [name for name in wanted if name not in (options.target, options.group)]
            undecided = [name for name in columns.features if name in columns.codes.names]
            plain = [name for name in columns.numbers.names if kinds[name] is ColumnType.NUMBER]
            decisions = {name: decide(columns.texts(name), form) for name in undecided}
            points = [name for name in plain if _has_fractions(columns.take(name))]
            found, notes = choose(decisions, form, n_points=len(points))
            odd = {name for name in plain if _is_odd(columns.take(name))}
            is_comma_used = "," in (
                found.decimal,
                *(NOTATIONS[one][0] for one in found.notation.values() if one in NOTATIONS),
            )
            odd |= set(points) if is_comma_used else set()  # 1.200 may be 1200
            if not odd:
                _check_time(columns, decisions, options, path.name)
                columns.settle({name: one.kind for name, one in decisions.items()}, found)
                yield columns, [*(one.note for one in decisions.values() if one.note), *notes, *_lost(columns)]
                return
        kinds |= dict.fromkeys(odd, ColumnType.CATEGORY)


def spelling_notes(card: Card, columns: Columns) -> Iterator[str]:
    """Yield a note for a target or group of which one class or entity has several spellings."""
    for name in filter(None, (card.target, card.group)):
        spellings = defaultdict(list)
        texts = columns.categories[name]
        for text in texts if name == card.group else dict.fromkeys(map(class_name, texts)):
            spellings[spelling_key(text)].append(text)
        several = [found for found in spellings.values() if len(found) > 1]
        if not several:
            continue
        shown = "; ".join(", ".join(map(repr, found[:4])) for found in several[:3])
        if name == card.group or card.join_spellings:
            yield f"{name!r}: {len(several)} of its values have several spellings, taken for one ({shown:.200})"
        else:
            yield (
                f"{name!r}: {len(several)} of its classes have several spellings ({shown:.200}); "
                "to join them, use --join-spellings"
            )


def _sampled(cells: pd.Series[float] | pd.Series[str], form: Format) -> ColumnType:
    """Return the type that a column declares, or number if all cells of the sample are; else a category for now."""
    if pd.api.types.is_bool_dtype(cells.dtype):
        return ColumnType.BOOLEAN
    if pd.api.types.is_datetime64_any_dtype(cells.dtype):
        return ColumnType.DATE
    if pd.api.types.is_numeric_dtype(cells.dtype):
        return ColumnType.NUMBER
    texts = {str(text).strip() for text in cells.tolist()} - {*MISSING, *form.na}
    return ColumnType.NUMBER if all(map(is_number, texts)) and not has_leading_zero(texts) else ColumnType.CATEGORY


def _is_odd(values: np.ndarray[tuple[int], np.dtype[np.float64]]) -> bool:
    """Whether numbers may have been merged whole numbers, or be dates such as 20240131: their texts decide."""
    there = values[~np.isnan(values)]
    if not len(there) or (there != np.floor(there)).any():
        return False
    is_day = there.min() >= FIRST_DAY and there.max() <= LAST_DAY and len(np.unique(there[:1000])) >= MIN_DATES
    return bool((np.abs(there) >= EXACT).any() or (is_day and np.all((there % 100 >= 1) & (there % 100 <= 31))))


def _has_fractions(values: np.ndarray[tuple[int], np.dtype[np.float64]]) -> bool:
    there = values[~np.isnan(values)]
    return bool((there != np.floor(there)).any())


def _check_time(columns: Columns, decisions: Mapping[str, Decision], options: IntakeOptions, where: str) -> None:
    one = decisions.get(options.time)
    if one and one.kind not in (ColumnType.NUMBER, ColumnType.DATE):
        if one.note:
            raise MisfitError(options.time, f"{where}: {one.note}. Correct it, or choose another --time.")
        raise TableError(f"{where}: column {options.time!r} holds text, no times. Choose another --time.")


def _lost(columns: Columns) -> Iterator[str]:
    """Yield a note for each text that counts as missing, and for infinite numbers."""
    found: dict[str, dict[str, tuple[int, int]]] = defaultdict(dict)
    for name in columns.features:
        if name in columns.codes.names:
            for text, place in columns.markers(name).items():
                found[text][name] = place
    for text, places in found.items():
        shown = ", ".join(
            f"{name!r} ({n:,} cells, the first in row {row + 1})" for name, (n, row) in list(places.items())[:3]
        )
        more = f" and {len(places) - 3} more columns" if len(places) > 3 else ""
        yield f"{text!r} counts as missing in {shown}{more}; if it is a category, use --keep-na {text!r}"
    for name, n_cells in columns.infinite.items():
        if n_cells:
            yield f"{n_cells:,} infinite numbers in {name!r} count as missing"
