"""The comparison as text: a table for each budget, every pair of methods, every table. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from benchmarks.ledger import to_cells
from benchmarks.standings import Cell, Key, Standing, common_keys, standings


def report(rows: Sequence[Mapping[str, Any]], budgets: Sequence[float], *, is_placebo: bool = False) -> str:
    """Return all tables as text, over the splits that every method has."""
    cells = to_cells(rows, budgets)
    if not cells:
        return "no cell is measured yet"
    parts = [f"versions: {', '.join(_versions(rows))}"]
    if is_placebo:
        parts.append("placebo: the labels of the training rows are shuffled; an honest test AUC is .5")
    for budget in sorted(budgets):
        some = [cell for cell in cells if cell.budget_s == budget]
        keys = common_keys(some)
        if keys:
            n_tables = len({table for table, _ in keys})
            parts += ["", f"{budget:g} CPU s: {n_tables} tables, {len(keys)} splits", *_lines(standings(some))]
            parts += ["", *_table_lines(some, keys)]
    return "\n".join(parts)


def _lines(ranked: Sequence[Standing]) -> list[str]:
    """Write the standings: means, and below them every method less every other."""
    heads = ("test AUC", "SE", "rank", "won", "val AUC", "val-test", "CPU s", "tried")
    rows = [f"{'method':<10}" + "".join(f"{head:>9}" for head in heads)]
    for line in ranked:
        cells = (
            *(f"{line.test.value:.4f}", _number(line.test.se), f"{line.rank:.2f}", str(line.won)),
            *(_number(line.val), _number(line.gap, "+"), f"{line.cpu_s:.1f}", f"{line.n:.1f}"),
        )
        rows.append(f"{line.method:<10}" + "".join(f"{cell:>9}" for cell in cells))
    pairs = [
        f"{line.method} - {other.method}: {line.against[other.method].value:+.4f}"
        f" ± {_number(line.against[other.method].se)}, above on {line.against[other.method].won} tables"
        for at, line in enumerate(ranked)
        for other in ranked[at + 1 :]
    ]
    return [*rows, "", *pairs]


def _table_lines(cells: Sequence[Cell], keys: Sequence[Key]) -> list[str]:
    """Write the mean test AUC of every method on every table."""
    methods = sorted({cell.method for cell in cells})
    rows = [f"{'table':<20}" + "".join(f"{method:>11}" for method in methods)]
    for table in sorted({table for table, _ in keys}):
        own = [cell for cell in cells if cell.table == table and (table, cell.split) in keys]
        found = [[cell.test for cell in own if cell.method == method] for method in methods]
        rows.append(f"{table:<20.20}" + "".join(f"{sum(tests) / len(tests):>11.4f}" for tests in found))
    return rows


def _versions(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    found = {f"{name} {version}" for row in rows for name, version in row["versions"].items()}
    return sorted(found | {f"{row['method']} code {row['code']}" for row in rows if row["code"]})


def _number(value: float | None, sign: str = "") -> str:
    return "-" if value is None else f"{value:{sign}.4f}"
