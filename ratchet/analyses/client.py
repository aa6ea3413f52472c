"""Request an analysis of a whole run from the harness and record its answer in the journal, where reports read it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

from ratchet.core.records import Experiment
from ratchet.engine.measure import Progress
from ratchet.engine.server_client import ServerMeasurer
from ratchet.engine.session import now
from ratchet.errors import RatchetError
from ratchet.repo import git, journal
from ratchet.repo.journal import EventKind
from ratchet.repo.run import Run, check_unchanged, stamp

Answer: TypeAlias = Mapping[str, Any]
AskMore: TypeAlias = Callable[[Mapping[str, Any]], Answer]  # the same analysis again, with more fields


def ask(
    run: Run,
    name: str,
    fields: Mapping[str, Any],
    progress: Progress,
    *,
    complete: Callable[[Answer, AskMore], Answer] | None = None,
) -> Answer:
    """Return the harness's answer to an analysis, after it was completed and recorded in the journal.

    `complete` makes the answer that is recorded from that of the harness, and may ask the harness for more. Raises
    RatchetError if the config has no server, the server does not know the analysis, another process works on the run,
    the harness has changed since the start of the run, or the analysis itself fails.
    """
    if not run.worktree.config.serve:
        raise RatchetError(f"serve: the config has no server command, and `{name}` needs one. Add the key `serve`.")
    with run.hold(name):
        measurer = ServerMeasurer(run)
        try:
            events = journal.read_events(run.journal)
            check_unchanged(run, events, measurer.parts())
            answer = measurer.ask(name, fields, progress)
            if complete is not None:
                answer = complete(answer, lambda more: measurer.ask(name, {**fields, **more}, progress))
        finally:
            measurer.close()
        last = max((experiment.n for experiment in journal.experiments(events)), default=None)
        run.record(EventKind.ANALYSIS, {"name": name, "at": stamp(now()), "upto": last, "answer": answer})
    return answer


def write_files(run: Run, history: Sequence[Experiment]) -> list[dict[str, Any]]:
    """Write the edited file of every experiment into a folder of its own, and return what an analysis needs of each.

    That is n, file, metric (None if not measured), verdict, the measured commit, and whether it was stopped early.
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
