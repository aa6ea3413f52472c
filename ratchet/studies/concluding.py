"""Ask the harness how much of a climb is real: what it needs to know of the run, its lanes included."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from ratchet import journal
from ratchet.errors import RatchetError
from ratchet.measuring import Progress
from ratchet.race import lane_tags
from ratchet.records import Experiment, Verdict
from ratchet.runs import Run
from ratchet.sealing import is_closed
from ratchet.studies import asking
from ratchet.studies.conclusion import NAME


def conclude(run: Run, progress: Progress, *, finish_stopped: bool = False) -> Mapping[str, Any]:
    """Return the harness's conclusion on a run; the journal has it then. Raises RatchetError as `asking.ask` does."""
    events = journal.read_events(run.journal)
    history = journal.experiments(events)
    if not any(experiment.verdict is Verdict.BASELINE for experiment in history):
        raise RatchetError(
            f"run {run.tag}: expected a measured baseline, got none yet. `uv run ratchet step` measures it."
        )
    told = _told(run, history)
    for tag in lane_tags(events):
        told += _told_of_lane(replace(run, tag=tag))
    fields = {
        "experiments": told,
        "store": str(run.folder / "scores"),
        "sealed": is_closed(run.desk.config, events),
        "finish_stopped": finish_stopped,
    }
    return asking.ask(run, NAME, fields, progress)


def _told(run: Run, history: Sequence[Experiment]) -> list[dict[str, Any]]:
    """Return what the study needs of each experiment; the same code measured once counts once."""
    own = [experiment for experiment in history if experiment.reused is None or experiment.verdict.advances]
    beside = [
        {"prediction": experiment.prediction, "delta": experiment.delta, "store": str(run.folder / "scores")}
        for experiment in own
    ]
    return [one | more for one, more in zip(asking.write_files(run, own), beside, strict=True)]


def _told_of_lane(lane: Run) -> list[dict[str, Any]]:
    """Return a lane's experiments: each was a comparison, whatever it was called there, and none is the winner here."""
    history = journal.read_experiments(lane.journal)
    compared = [experiment for experiment in history if experiment.verdict in {Verdict.KEEP, Verdict.DISCARD}]
    return [one | {"verdict": str(Verdict.DISCARD)} for one in _told(lane, compared)]
