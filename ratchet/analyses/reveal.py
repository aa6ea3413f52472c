"""Reveal the scores on the held-out test set of a run, once, and record it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ratchet.analyses import client
from ratchet.core.config import Config
from ratchet.core.records import Experiment, one_line
from ratchet.core.text import number_text
from ratchet.engine.measure import Progress
from ratchet.errors import RatchetError
from ratchet.repo import git, journal
from ratchet.repo.files import write_atomic
from ratchet.repo.journal import Event
from ratchet.repo.run import Run
from ratchet.repo.sealing import REVEAL, reveals


def reveal(run: Run, progress: Progress, *, is_again: bool = False) -> tuple[Mapping[str, Any], Path]:
    """Return the harness's answer and the path of the receipt. Raises RatchetError if it was revealed before."""
    events = journal.read_events(run.journal)
    history = journal.experiments(events)
    write_receipts(run, events)
    earlier = reveals(events)
    if earlier and not is_again:
        at = earlier[0].get("at", "")
        raise RatchetError(
            f"run {run.tag}: the test set was revealed on {at} ({receipt_path(run, 1)}). Start a new run to experiment "
            "blind, or use --again to see the scores again; this is recorded too."
        )
    kept = [experiment for experiment in history if experiment.verdict.advances]
    if not kept:
        raise RatchetError(f"run {run.tag}: the baseline has not been measured. Run `uv run ratchet step`.")
    fields = {"experiments": client.write_files(run, kept), "store": str(run.folder / "scores")}
    answer = client.ask(run, REVEAL, fields, progress)
    return answer, write_receipts(run, journal.read_events(run.journal))[-1]


def receipt_path(run: Run, opening: int) -> Path:
    """Return the path of the receipt number `opening`, counted from 1."""
    return run.folder / "receipts" / f"reveal-{opening}.json"


def write_receipts(run: Run, events: list[Event]) -> list[Path]:
    """Write the missing receipts from the journal, and return the paths of all."""
    paths = []
    for opening, event in enumerate(reveals(events), start=1):
        path = receipt_path(run, opening)
        if not path.exists():
            write_atomic(path, json.dumps(_receipt(run, event, opening), indent=2, ensure_ascii=False) + "\n")
        paths.append(path)
    return paths


def reveal_lines(answer: Mapping[str, Any], history: list[Experiment], config: Config) -> list[str]:
    """Return the table of revealed scores: number, metric, held-out AUC with its interval, hypothesis. Pure."""
    names = {experiment.n: experiment.hypothesis for experiment in history}
    rows = [("iter", config.metric.name, "test_auc", "95 % interval", "")]
    for row in answer["rows"]:
        reach = f"{number_text(row['low'], 4)} to {number_text(row['high'], 4)}" if row["low"] is not None else ""
        cells = (str(row["n"]), number_text(row["val_auc"], 4), number_text(row["auc"], 4) or "-", reach)
        rows.append((*cells, one_line(names.get(row["n"], ""), 80)))
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    return [
        "  ".join([*(cell.rjust(w) for cell, w in zip(row, widths, strict=False)), row[4]]).rstrip() for row in rows
    ]


def _receipt(run: Run, event: Mapping[str, Any], opening: int) -> dict[str, Any]:
    answer = event["answer"]
    return {
        "tag": run.tag,
        "opening": opening,
        "at": event.get("at"),
        "upto": event.get("upto"),
        "commit": answer["rows"][-1]["commit"] if answer.get("rows") else git.resolve(run.worktree.repo, run.branch),
        "fingerprint": answer.get("fingerprint"),
        "n_test": answer.get("n_test"),
        "rows": answer.get("rows"),
    }
