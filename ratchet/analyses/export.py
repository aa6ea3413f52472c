"""Export the best experiment of a run, or a committee of the best ones, as a model that predicts new rows.

The engine knows no models. The harness refits and writes the model, and the agent that proposed the experiments writes
the file of a committee, whose model is the mean of its members. The members were selected by their metric, so the
metric of a committee is never compared with that of a single experiment.
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
from ratchet.engine.measure import MARK, Progress, user_env
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
    """Let the harness refit and write a model. Return its answer, recorded in the journal. Raises RatchetError."""
    events = journal.read_events(run.journal)
    history = journal.experiments(events)
    top = best(history)
    if top is None:
        raise RatchetError(f"run {run.tag}: there is no kept experiment to export. Run `uv run ratchet step`.")
    target = folder.resolve() if folder else default_folder(run, top, is_committee=is_committee)
    if target.exists() and not is_forced:
        raise RatchetError(f"{target}: the folder exists. Use --force to replace an export, or -o for another folder.")
    if is_committee:
        path, seats = write_committee(run, top)
        made: dict[str, Any] = {"file": str(path), "n": None, "commit": None, "is_committee": True}
    else:
        made, seats = {"file": client.write_files(run, [top])[0]["file"], "n": top.n, "commit": top.commit}, ""
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
    """Return the default folder of an export: next to the config, ignored by git."""
    place = run.worktree.root / FOLDER
    name = f"{run.tag}-{'committee' if is_committee else top.n}"
    if not place.exists():
        place.mkdir()
        (place / ".gitignore").write_text("*\n", "utf-8")
    git.exclude(run.worktree.repo, [run.worktree.in_repo(f"{FOLDER}/{name}/")])  # the folder may be the user's
    return place / name


def how_to_use(worktree: Worktree, folder: Path) -> str:
    """Return the command that predicts a file with an export. An export outside the default folder needs --model."""
    model = "" if folder.parent == worktree.root / FOLDER else f" --model {shlex.quote(str(folder))}"
    return f"uv run ratchet predict FILE.csv{model}"


def newest_export(worktree: Worktree) -> Path:
    """Return the folder of the newest export. Raises RatchetError if there is none."""
    found = {folder: _exported_at(folder) for folder in (worktree.root / FOLDER).glob("*") if folder.name[0] != "."}
    known = {folder: at for folder, at in found.items() if at}
    if not known:
        raise RatchetError(
            f"{FOLDER}/: there is no exported model. Run `uv run ratchet export`, or give a folder with --model."
        )
    return max(known, key=lambda folder: known[folder])


def predict(worktree: Worktree, fields: Mapping[str, Any], progress: Progress) -> Mapping[str, Any]:
    """Let the harness of the worktree predict a file. It needs no run. Raises RatchetError."""
    if not worktree.config.serve:
        raise RatchetError("serve: the config has no server command, and `predict` needs one. Add the key `serve`.")
    server = Server(worktree.config, cwd=worktree.root, env=user_env(worktree))
    try:
        return server.ask("predict", fields, progress)
    finally:
        server.close()


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
    """Run the `committee` command of the config. Return the file that it wrote, and the experiments that it printed.

    The command gets the journal as $RATCHET_JOURNAL and the file of the best experiment as $RATCHET_FILE, and
    overwrites that file. It may print `seats: 7, 3`, the numbers of the experiments. Raises RatchetError.
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
        env=user_env(run.worktree)
        | {MARK: str(run.folder), "RATCHET_JOURNAL": str(run.journal)}
        | {"RATCHET_FILE": str(target), "RATCHET_TAG": run.tag},
        budget=Budget(wall_s=config.agent_timeout),
    )
    if not outcome.is_ok:
        why = outcome.failure or last_line(outcome.stderr) or f"exit status {outcome.exit_code}"
        raise RatchetError(f"committee: the command {config.committee} failed: {why}. Fix `committee` in the config.")
    if target.read_bytes() == before:
        raise RatchetError(
            f"committee: the command {config.committee} did not change the file. Export without --committee."
        )
    return target, read_words(outcome.stdout, "^seats:")


def _builtin() -> str:
    words = [sys.executable, "-m", "researcher", "--committee"]
    return " ".join(f'"{word}"' for word in words) if os.name == "nt" else shlex.join(words)
