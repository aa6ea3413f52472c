"""Read the experiments of a results.tsv, of this engine or of another tool of the field. Pure."""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping

from ratchet.core.config import Config
from ratchet.core.records import Experiment, Verdict, one_line
from ratchet.errors import RatchetError

STATUS = {**{str(verdict): verdict for verdict in Verdict}, "kept": Verdict.KEEP, "discarded": Verdict.DISCARD}


def read_table(text: str, config: Config, name: str) -> list[Experiment]:
    """Return the experiments of a table, oldest first. Raises RatchetError with the line that cannot be read.

    The first row is the baseline. A number of an experiment that crashed counts as not measured.
    """
    rows = csv.DictReader(text.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE)
    columns = rows.fieldnames or []
    if missing := [column for column in (config.metric.name, "status") if column not in columns]:
        have = ", ".join(columns) or "no columns"
        raise RatchetError(f"{name}: there is no column {missing[0]!r} (it has {have}). Use the table of this metric.")
    return [_experiment(row, n, config, f"{name}: line {n + 2}") for n, row in enumerate(rows)]


def _experiment(row: Mapping[str, str | None], n: int, config: Config, place: str) -> Experiment:
    status = (row.get("status") or "").strip().lower()
    if status not in STATUS:
        raise RatchetError(f"{place}: the status {one_line(status, 40)!r} is none of {', '.join(STATUS)}. Correct it.")
    verdict = STATUS[status]
    if n == 0 and verdict is Verdict.KEEP:
        verdict = Verdict.BASELINE
    has_number = verdict.is_believed or verdict is Verdict.REJECT
    names = [source.name for source in config.sources]
    numbers = {name: _number(row.get(name)) if has_number else None for name in names}
    return Experiment(
        n=int(row["n"] or n) if (row.get("n") or "").isdigit() else n,
        commit=row.get("commit") or "",
        parent="",
        verdict=verdict,
        metric=numbers[config.metric.name],
        metrics=numbers,
        delta=_number(row.get("delta")),
        delta_se=_number(row.get("delta_se")),
        hypothesis=one_line(row.get("description") or ""),
        reason=one_line(row.get("reason") or ""),
        strategy=one_line(row.get("strategy") or ""),
        cpu_time_s=_number(row.get("cpu_time_s")),
        wall_time_s=_number(row.get("wall_time_s")),
    )


def _number(text: str | None) -> float | None:
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if math.isfinite(value) else None
