"""Have a committee of a run's best experiments written: one file whose model is the mean of theirs.

The engine knows no models: whoever proposed the experiments writes it. A committee's number was picked twice over, and
is never compared with that of a single experiment.
"""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path

from harness import process
from harness.process import Budget
from ratchet import snapshots
from ratchet.agents import BUILTIN
from ratchet.errors import RatchetError
from ratchet.measuring import own_env
from ratchet.reading import last_line, read_words
from ratchet.records import Experiment
from ratchet.runs import Run


def write_committee(run: Run, top: Experiment) -> tuple[Path, str]:
    """Return the file that the `committee` command of the config wrote, and which experiments it says are in it.

    The command finds the journal as $RATCHET_JOURNAL and the file, as the best experiment left it, as $RATCHET_FILE; it
    may print `seats: 7, 3`. Raises RatchetError.
    """
    config = run.desk.config
    path = run.desk.in_repo(config.editable[0])
    before = snapshots.read_file(run.desk.repo, top.commit, path) or b""
    target = run.folder / "committee" / Path(path).name
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(before)
    outcome = process.run(
        _builtin() if config.committee == BUILTIN else config.committee,
        cwd=run.desk.root,
        env=own_env() | {"RATCHET_JOURNAL": str(run.journal), "RATCHET_FILE": str(target), "RATCHET_TAG": run.tag},
        budget=Budget(wall_s=config.agent_timeout),
    )
    if not outcome.is_ok:
        said = outcome.failure or last_line(outcome.stderr) or f"exit status {outcome.exit_code}"
        raise RatchetError(f"committee: expected a file from {config.committee}, got: {said}.")
    if target.read_bytes() == before:
        raise RatchetError(f"committee: expected another file than the best experiment's from {config.committee}.")
    return target, read_words(outcome.stdout, "^seats:")


def _builtin() -> str:
    words = [sys.executable, "-m", "researcher", "--committee"]
    return " ".join(f'"{word}"' for word in words) if os.name == "nt" else shlex.join(words)
