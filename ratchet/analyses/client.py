"""Ask the harness about a whole run, and keep its answer in the journal: reports read it there, and nowhere else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ratchet.core.records import Experiment
from ratchet.engine.measure import Progress
from ratchet.engine.server_client import ServerMeasurer
from ratchet.engine.session import now
from ratchet.errors import RatchetError
from ratchet.repo import git, journal, lock
from ratchet.repo.journal import EventKind
from ratchet.repo.run import Run, check_unchanged, stamp


def ask(run: Run, name: str, fields: Mapping[str, Any], progress: Progress) -> Mapping[str, Any]:
    """Return the answer of the run's harness to a study, after the journal has it.

    Raises RatchetError where the run has no server or one that does not know the study, where somebody else works on
    the run, where the harness has changed since the start, and with what the study itself objects to.
    """
    if not run.worktree.config.serve:
        raise RatchetError(f"serve: expected a command that answers `{name}` in the config, got none. Add one.")
    with lock.hold(run.folder / "lock", name):
        measurer = ServerMeasurer(run)
        try:
            events = journal.read_events(run.journal)
            check_unchanged(run, events, measurer.parts())
            answer = measurer.ask(name, fields, progress)
        finally:
            measurer.close()
        last = max((experiment.n for experiment in journal.experiments(events)), default=None)
        journal.append(
            run.journal, EventKind.ANALYSIS, {"name": name, "at": stamp(now()), "upto": last, "answer": answer}
        )
    return answer


def write_files(run: Run, history: Sequence[Experiment]) -> list[dict[str, Any]]:
    """Write the edited file of every experiment where the harness can read it, and return what a study needs of each.

    One folder for each file: n, file, metric (None where none was measured), verdict, and the commit that was measured.
    """
    path = run.worktree.config.editable[0]
    return [
        {
            "n": experiment.n,
            "file": str(_write(run, experiment, path)),
            "metric": experiment.metric,
            "verdict": str(experiment.verdict),
            "commit": experiment.commit,
            "is_stopped_early": experiment.bound is not None,
        }
        for experiment in history
    ]


def _write(run: Run, experiment: Experiment, path: str) -> Path:
    target = run.folder / "study" / str(experiment.n) / Path(path).name
    if not target.exists():  # an experiment's commit never changes
        git.write_file(run.worktree.repo, experiment.commit, run.worktree.in_repo(path), target)
    return target
