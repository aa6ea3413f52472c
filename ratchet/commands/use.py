"""Use: export, predict."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from ratchet.analyses import export as exporting
from ratchet.core.records import one_line
from ratchet.core.text import number_text
from ratchet.errors import RatchetError
from ratchet.repo.run import open_worktree, require_run
from ratchet.views.terminal import Terminal

NAMED = 5  # columns that a note names before it only counts


@click.command(epilog="Example: uv run ratchet export")
@click.option("-o", "folder", type=click.Path(path_type=Path, file_okay=False), help="Default: exports/TAG-N.")
@click.option("--committee", "is_committee", is_flag=True, help="The mean of the best tried instead of the winner.")
@click.option("--force", "is_forced", is_flag=True, help="Replace an export that is there.")
@click.pass_obj
def export(config: Path | None, folder: Path | None, is_committee: bool, is_forced: bool) -> None:
    """Refit the winner on all rows; write a model.

    The folder holds the model (in skops' format, which runs no code when it is read), the train.py that made it, the
    card of the table, a model card with all that is known of its worth, and a receipt with the hash of every file.

    A committee was picked twice over: its val_auc is not to be compared with a single model's.
    """
    run = require_run(open_worktree(Path.cwd(), config))
    screen = Terminal(run.worktree.config.metrics)
    try:
        answer = exporting.export(run, screen.progress, folder=folder, is_forced=is_forced, is_committee=is_committee)
    finally:
        screen.close()
    seats = f" of iter {answer['seats']}" if answer["seats"] else ""
    what = f"committee{seats}" if is_committee else f"iter {answer['experiment']}"
    click.echo(f"{answer['folder']}: {what}, refitted on {answer['n_rows']} rows; read MODEL_CARD.md")
    click.echo(f"next: `{answer['use']}`", err=True)


@click.command(epilog="Example: uv run ratchet predict new.csv -o scores.csv")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--model", type=click.Path(path_type=Path, file_okay=False), help="An export; default: the newest.")
@click.option("-o", "out", type=click.Path(path_type=Path, dir_okay=False), help="Where to; default: stdout.")
@click.option("--id", "id_column", default="", metavar="COLUMN", help="Copy this column beside the row's number.")
@click.option("--force", "is_forced", is_flag=True, help="Write over a file that is there.")
@click.pass_obj
def predict(
    config: Path | None, *, file: Path, model: Path | None, out: Path | None, id_column: str, is_forced: bool
) -> None:
    """Score the rows of a file with an export.

    Writes row, score and predicted class of every row as CSV. The file is read as the table was: the same columns in
    any order, the same separator and marks for a gap. The model runs in the same locked-down process as an experiment.
    """
    worktree = open_worktree(Path.cwd(), config)
    folder = model.resolve() if model else exporting.newest_export(worktree)
    if out is not None and out.exists() and not is_forced:
        raise RatchetError(f"{out}: expected no such file yet, got one. --force writes over it, or choose another.")
    screen = Terminal(worktree.config.metrics)
    with tempfile.TemporaryDirectory(prefix="ratchet-") as scratch:
        target = out.resolve() if out else Path(scratch) / "scores.csv"
        fields = {"file": str(file.resolve()), "model": str(folder), "out": str(target), "id": id_column}
        try:
            answer = exporting.predict(worktree, fields, screen.progress)
        finally:
            screen.close()
        if out is None:
            with target.open("rb") as scores:
                shutil.copyfileobj(scores, sys.stdout.buffer)
    for line in _notes(answer, folder):
        click.echo(line, err=True)


def _notes(answer: Mapping[str, Any], folder: Path) -> list[str]:
    notes = [f"{answer['n_rows']} rows scored by {folder.name}", *answer.get("notes", ())]
    if ignored := list(answer.get("ignored", ())):
        shown = ", ".join(one_line(str(name), 40) for name in ignored[:NAMED])
        notes.append(f"columns that the model does not know, left out: {shown}{_more(len(ignored))}")
    for name, count in list(_counts(answer.get("unseen")).items())[:NAMED]:
        cells = "1 cell holds" if count == 1 else f"{number_text(count, 0)} cells hold"
        notes.append(f"column {one_line(str(name), 40)}: {cells} a category that no row of the table had")
    return [one_line(str(note), 400) for note in notes]


def _counts(value: object) -> Mapping[str, int]:
    return value if isinstance(value, Mapping) else {}


def _more(count: int) -> str:
    return f" and {count - NAMED} more" if count > NAMED else ""
