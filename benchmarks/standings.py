"""From measured cells to a table: means over tables, paired differences, ranks, wins. Pure.

Each table has the same weight, whatever its number of splits. The standard error is the pooled within-table error of
the mean over splits, with the tables taken as given. It does not cover other tables, and it is a little too small,
since the splits of one table share rows.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

Key = tuple[str, int]  # a table and a split


@dataclass(frozen=True, slots=True)
class Cell:
    """The result of a method on one split of one table within a budget of CPU seconds; None if not measured."""

    table: str
    split: int
    method: str
    budget_s: float
    val: float | None
    test: float
    cpu_s: float
    n: int = 1


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean over tables; the error is None if a table has one split. `won` counts the tables where it is above 0."""

    value: float
    se: float | None
    won: int = 0


@dataclass(frozen=True, slots=True)
class Standing:
    """A method's line; `val` is its validation AUC, `against` holds its paired differences to the others."""

    method: str
    test: Estimate
    rank: float
    won: int
    val: float | None
    cpu_s: float
    n: float
    against: Mapping[str, Estimate]

    @property
    def gap(self) -> float | None:
        """The validation AUC minus the test AUC."""
        return None if self.val is None else self.val - self.test.value


def standings(cells: Iterable[Cell]) -> list[Standing]:
    """Return a line for each method, best first, over the splits that every method has. The budget is one for all."""
    by_method: dict[str, dict[Key, Cell]] = defaultdict(dict)
    for cell in cells:
        by_method[cell.method][cell.table, cell.split] = cell
    common = sorted(set.intersection(*(set(found) for found in by_method.values()))) if by_method else []
    if not common:
        return []
    tests = {method: {key: found[key].test for key in common} for method, found in by_method.items()}
    means = {method: _by_table(values) for method, values in tests.items()}
    ranks = _ranks(means)
    lines = [
        Standing(
            method=method,
            test=estimate(tests[method]),
            rank=ranks[method],
            won=_won(method, means),
            val=_val([found[key] for key in common]),
            cpu_s=_mean([found[key].cpu_s for key in common]),
            n=_mean([found[key].n for key in common]),
            against={other: _paired(tests[method], tests[other]) for other in by_method if other != method},
        )
        for method, found in by_method.items()
    ]
    return sorted(lines, key=lambda line: -line.test.value)


def common_keys(cells: Sequence[Cell]) -> list[Key]:
    """Return the splits that every method among the cells has."""
    methods = {cell.method for cell in cells}
    have = [{(cell.table, cell.split) for cell in cells if cell.method == method} for method in methods]
    return sorted(set.intersection(*have)) if have else []


def estimate(values: Mapping[Key, float]) -> Estimate:
    """Return the mean over tables of the mean over splits, and its pooled within-table standard error."""
    tables = _by_table(values)
    means = [_mean(splits) for splits in tables.values()]
    errors = [_error(splits) for splits in tables.values()]
    whole = [error for error in errors if error is not None]
    se = math.sqrt(sum(error**2 for error in whole)) / len(tables) if len(whole) == len(errors) else None
    return Estimate(_mean(means), se, sum(mean > 0 for mean in means))


def _paired(ours: Mapping[Key, float], theirs: Mapping[Key, float]) -> Estimate:
    return estimate({key: ours[key] - theirs[key] for key in ours})


def _by_table(values: Mapping[Key, float]) -> dict[str, list[float]]:
    tables: dict[str, list[float]] = defaultdict(list)
    for (table, _), value in values.items():
        tables[table].append(value)
    return dict(tables)


def _ranks(means: Mapping[str, Mapping[str, Sequence[float]]]) -> dict[str, float]:
    """Return the mean rank of each method over the tables, 1 the best; equals share the mean of their places."""
    ranks: dict[str, list[float]] = defaultdict(list)
    for table in next(iter(means.values())):
        scores = {method: _mean(tables[table]) for method, tables in means.items()}
        for method, score in scores.items():
            above = sum(other > score for other in scores.values())
            equal = sum(other == score for other in scores.values())
            ranks[method].append(above + (equal + 1) / 2)
    return {method: _mean(places) for method, places in ranks.items()}


def _won(method: str, means: Mapping[str, Mapping[str, Sequence[float]]]) -> int:
    """Return on how many tables the method is the best, ties with the best included."""
    others = [tables for name, tables in means.items() if name != method]
    return sum(
        all(_mean(splits) >= _mean(tables[table]) for tables in others) for table, splits in means[method].items()
    )


def _val(cells: Sequence[Cell]) -> float | None:
    """Return the mean of val as `estimate` averages, None where one was not measured."""
    values = {(cell.table, cell.split): cell.val for cell in cells if cell.val is not None}
    return estimate(values).value if len(values) == len(cells) else None


def _error(values: Sequence[float]) -> float | None:
    if len(values) < 2:
        return None
    mean = _mean(values)
    return math.sqrt(sum((value - mean) ** 2 for value in values) / (len(values) - 1) / len(values))


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
