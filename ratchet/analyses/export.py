"""Export the winner of a run, or a committee of its best, as a model that scores new rows; and find exports again.

Have a committee of a run's best experiments written: one file whose model is the mean of theirs.

The engine knows no models: whoever proposed the experiments writes it. A committee's number was picked twice over, and
is never compared with that of a single experiment.
"""

from __future__ import annotations

import json
import os
import shlex
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ratchet import process
from ratchet.analyses import client
from ratchet.core.noise import count_tries
from ratchet.core.output_parser import last_line, read_words
from ratchet.core.records import Experiment, baseline, best
from ratchet.engine.agents import BUILTIN
from ratchet.engine.measure import Progress, own_env
from ratchet.engine.server_client import Server
from ratchet.engine.session import now
from ratchet.errors import RatchetError
from ratchet.process import Budget
from ratchet.repo import git, journal
from ratchet.repo.journal import Event
from ratchet.repo.run import Run, Worktree, stamp
from ratchet.repo.sealing import is_closed

FOLDER, RECEIPT = "exports", "receipt.json"


def export(
    run: Run, progress: Progress, *, folder: Path | None = None, is_forced: bool = False, is_committee: bool = False
) -> Mapping[str, Any]:
    """Have the harness refit and write a model; return its answer, which the journal has then. Raises RatchetError."""
    events = journal.read_events(run.journal)
    history = journal.experiments(events)
    top = best(history)
    if top is None:
        raise RatchetError(
            f"run {run.tag}: expected a kept experiment to export, got none yet. `uv run ratchet step` measures one."
        )
    target = folder.resolve() if folder else default_folder(run, top, is_committee=is_committee)
    if target.exists() and not is_forced:
        raise RatchetError(
            f"{target}: expected no such folder yet, got one. --force replaces an export, -o is another."
        )
    made, seats = _committee_fields(run, top) if is_committee else (_winner_fields(run, top), "")
    known = {
        "folder": str(target),
        "use": how_to_use(run.worktree, target),
        "force": is_forced,
        "tag": run.tag,
        "at": stamp(now()),
        "sealed": is_closed(run.worktree.config, events),
        **_journal_fields(events, history),
    }
    return {**client.ask(run, "export", {**made, **known}, progress), "seats": seats, "use": known["use"]}


def default_folder(run: Run, top: Experiment, *, is_committee: bool) -> Path:
    """Return where an export goes: beside the config, where git overlooks it."""
    place = run.worktree.root / FOLDER
    place.mkdir(exist_ok=True)
    mark = place / ".gitignore"
    if not mark.exists():
        mark.write_text("*\n", "utf-8")
    return place / f"{run.tag}-{'committee' if is_committee else top.n}"


def how_to_use(worktree: Worktree, folder: Path) -> str:
    """Return the command that scores a file with an export; outside its usual place it is found by its name alone."""
    model = "" if folder.parent == worktree.root / FOLDER else f" --model {shlex.quote(str(folder))}"
    return f"uv run ratchet predict FILE.csv{model}"


def newest_export(worktree: Worktree) -> Path:
    """Return the folder of the newest export. Raises RatchetError where there is none."""
    found = {folder: _exported_at(folder) for folder in (worktree.root / FOLDER).glob("*") if folder.name[0] != "."}
    known = {folder: at for folder, at in found.items() if at}
    if not known:
        raise RatchetError(
            f"{FOLDER}/: expected an exported model, got none. `uv run ratchet export` makes one; --model names one."
        )
    return max(known, key=lambda folder: known[folder])


def predict(worktree: Worktree, fields: Mapping[str, Any], progress: Progress) -> Mapping[str, Any]:
    """Have the harness on the desk score a file. It takes no run. Raises RatchetError."""
    if not worktree.config.serve:
        raise RatchetError("serve: expected a command that answers `predict` in the config, got none. Add one.")
    server = Server(worktree.config, cwd=worktree.root, env=own_env())
    try:
        return server.ask("predict", fields, progress)
    finally:
        server.close()


def _winner_fields(run: Run, top: Experiment) -> dict[str, Any]:
    written = client.write_files(run, [top])[0]
    return {"file": written["file"], "n": top.n, "commit": top.commit}


def _committee_fields(run: Run, top: Experiment) -> tuple[dict[str, Any], str]:
    path, seats = write_committee(run, top)
    return {"file": str(path), "n": None, "commit": None, "is_committee": True}, seats


def _journal_fields(events: list[Event], history: list[Experiment]) -> dict[str, Any]:
    first, concluded = baseline(history), journal.latest_analysis(events, "conclude")
    return {
        "n_tries": count_tries(history),
        "delta_ses": [experiment.delta_se for experiment in history],
        "baseline": first.metric if first else None,
        "conclusion": concluded["answer"] if concluded else None,
        "upto": concluded["upto"] if concluded else None,
    }


def _exported_at(folder: Path) -> str:
    try:
        return str(json.loads((folder / RECEIPT).read_text("utf-8"))["at"])
    except (OSError, ValueError, TypeError, KeyError):
        return ""


def write_committee(run: Run, top: Experiment) -> tuple[Path, str]:
    """Return the file that the `committee` command of the config wrote, and which experiments it says are in it.

    The command finds the journal as $RATCHET_JOURNAL and the file, as the best experiment left it, as $RATCHET_FILE; it
    may print `seats: 7, 3`. Raises RatchetError.
    """
    config = run.worktree.config
    path = run.worktree.in_repo(config.editable[0])
    before = git.read_file(run.worktree.repo, top.commit, path) or b""
    target = run.folder / "committee" / Path(path).name
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(before)
    outcome = process.run(
        _builtin() if config.committee == BUILTIN else config.committee,
        cwd=run.worktree.root,
        env=own_env() | {"RATCHET_JOURNAL": str(run.journal), "RATCHET_FILE": str(target), "RATCHET_TAG": run.tag},
        budget=Budget(wall_s=config.agent_timeout),
    )
    if not outcome.is_ok:
        why = outcome.failure or last_line(outcome.stderr) or f"exit status {outcome.exit_code}"
        raise RatchetError(f"committee: expected a file from {config.committee}, got: {why}.")
    if target.read_bytes() == before:
        raise RatchetError(f"committee: expected another file than the best experiment's from {config.committee}.")
    return target, read_words(outcome.stdout, "^seats:")


def _builtin() -> str:
    words = [sys.executable, "-m", "researcher", "--committee"]
    return " ".join(f'"{word}"' for word in words) if os.name == "nt" else shlex.join(words)
