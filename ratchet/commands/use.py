"""The commands of the group Use: export, predict."""

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

NAMED = 5  # a note names this many columns, and counts the others


@click.command(epilog="Example: uv run ratchet export")
@click.option(
    "-o", "folder", type=click.Path(path_type=Path, file_okay=False), help="Output folder. Default: exports/TAG-N."
)
@click.option("--committee", "is_committee", is_flag=True, help="Export the mean of the best models, not the winner.")
@click.option("--force", "is_forced", is_flag=True, help="Replace an existing export.")
@click.pass_obj
def export(config: Path | None, folder: Path | None, is_committee: bool, is_forced: bool) -> None:
    """Refit the best model on all rows and save it.

    The folder contains the model (in the format of skops, which runs no code when it is loaded), its train.py, the
    description of the table, a model card with the evidence, and a receipt with the hash of every file.

    Do not compare the val_auc of a committee with that of a single model: its members were selected by val_auc.
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
@click.option(
    "--model", type=click.Path(path_type=Path, file_okay=False), help="Folder of an export. Default: the newest."
)
@click.option("-o", "out", type=click.Path(path_type=Path, dir_okay=False), help="Output file. Default: stdout.")
@click.option("--id", "id_column", default="", metavar="COLUMN", help="Copy this column of FILE into the output.")
@click.option("--force", "is_forced", is_flag=True, help="Overwrite an existing output file.")
@click.pass_obj
def predict(
    config: Path | None, *, file: Path, model: Path | None, out: Path | None, id_column: str, is_forced: bool
) -> None:
    """Predict the rows of FILE with an exported model.

    Writes row number, score and predicted class of every row as CSV. FILE needs the columns of the table, in any order,
    and is read with the same separator and missing-value marks. The model runs in the same sandbox as an experiment.
    """
    worktree = open_worktree(Path.cwd(), config)
    folder = model.resolve() if model else exporting.newest_export(worktree)
    if out is not None and out.exists() and not is_forced:
        raise RatchetError(f"{out}: the file exists. Use --force to overwrite it, or choose another name.")
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
        notes.append(f"columns that the model does not use, ignored: {shown}{_more(len(ignored))}")
    for name, count in list(_counts(answer.get("unseen")).items())[:NAMED]:
        cells = "1 cell holds" if count == 1 else f"{number_text(count, 0)} cells hold"
        notes.append(f"column {one_line(str(name), 40)}: {cells} a category that is not in the table")
    return [one_line(str(note), 400) for note in notes]


def _counts(value: object) -> Mapping[str, int]:
    return value if isinstance(value, Mapping) else {}


def _more(count: int) -> str:
    return f" and {count - NAMED} more" if count > NAMED else ""
