"""The nouns of a run: a verdict, what was measured, an experiment. Pure values, no files, no clock."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

LINE_CHARS = 200
REASON_CHARS = 500  # of why it failed: the end may be what to do
NOTE_CHARS = 4000


class Verdict(StrEnum):
    """What became of an experiment."""

    BASELINE = "baseline"
    KEEP = "keep"
    DISCARD = "discard"
    CRASH = "crash"
    TIMEOUT = "timeout"
    REJECT = "reject"

    @property
    def advances(self) -> bool:
        """The branch stands on it."""
        return self in {Verdict.BASELINE, Verdict.KEEP}

    @property
    def is_believed(self) -> bool:
        """The number counts; that of one that was rejected may be anything, and would set the scale of a picture."""
        return self.advances or self is Verdict.DISCARD


class Ending(StrEnum):
    """How a measurement ended, before anybody judged its number."""

    OK = "ok"
    TIMEOUT = "timeout"
    CRASH = "crash"
    REJECT = "reject"


@dataclass(frozen=True, slots=True)
class Measurement:
    """What was seen when a commit was measured; None is "not measured", never a number.

    `numbers` holds metrics, constraints and audit numbers by name. `bound` is the best that the metric could still
    have reached when the measurement was cut short because that was not enough. `look` is why the harness wants a
    person to look at it, though it holds nothing against it. `stdout` is the end of what the command printed, kept so
    that reports can read more from it.
    """

    ending: Ending
    numbers: Mapping[str, float | None] = field(default_factory=dict)
    reason: str = ""
    hypothesis: str = ""
    cpu_time_s: float | None = None
    wall_time_s: float | None = None
    peak_memory_mb: float | None = None
    delta_se: float | None = None
    folds_won: int | None = None
    bound: float | None = None
    look: str = ""
    stdout: str = ""


@dataclass(frozen=True, slots=True)
class Proposal:
    """What is known of an edit besides the edit: who made it (the desk's own user is agent ""), and what they said.

    `prediction` is the difference that they expect in the first metric, if they said so. `failure` says why the agent
    failed, and `ending` how; such an edit is kept to be shown, and not measured.
    `trespass` names the frozen files that the agent edited.
    """

    agent: str = ""
    strategy: str = ""
    note: str = ""
    hypothesis: str = ""
    prediction: float | None = None
    ending: Ending = Ending.OK
    failure: str = ""
    trespass: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def is_sound(self) -> bool:
        """There is something to measure."""
        return not self.failure and not self.trespass


@dataclass(frozen=True, slots=True)
class Begun:
    """An experiment that has its commit and no verdict yet."""

    n: int
    commit: str
    parent: str
    proposal: Proposal
    file_hash: str
    code_chars: int
    at: str


@dataclass(frozen=True, slots=True)
class Experiment:
    """One version of the editable files and what became of it; number 0 is the baseline.

    `commit` holds the files as they were measured, `parent` is where the branch stood. `metric` is the first metric,
    `prev` the best before it, `delta` their difference, positive where the number grew; `confirm_delta` is the same on
    the fresh partition of rule confirm, `prediction` the delta that its author expected. `metrics` holds every number
    by name. `hypothesis` is its one-line description, `note` what the agent wants to remember, `file_hash` the hash of
    its normalised code and `code_chars` the length, `reused` the experiment whose measurement stands for it. A
    `wall_time_s` of None: it was not measured itself.
    """

    n: int
    commit: str
    parent: str
    verdict: Verdict
    metric: float | None = None
    metrics: Mapping[str, float | None] = field(default_factory=dict)
    prev: float | None = None
    delta: float | None = None
    delta_se: float | None = None
    folds_won: int | None = None
    bound: float | None = None
    confirm_delta: float | None = None
    prediction: float | None = None
    hypothesis: str = ""
    reason: str = ""
    strategy: str = ""
    note: str = ""
    file_hash: str = ""
    code_chars: int = 0
    at: str = ""
    agent: str = ""
    cpu_time_s: float | None = None
    wall_time_s: float | None = None
    peak_memory_mb: float | None = None
    warnings: tuple[str, ...] = ()
    reused: int | None = None
    ending: Ending = Ending.OK
    stdout: str = ""


def best(history: Iterable[Experiment]) -> Experiment | None:
    """Return the experiment on which the branch stands: the last that advanced it."""
    found = None
    for experiment in history:
        if experiment.verdict.advances:
            found = experiment
    return found


def baseline(history: Iterable[Experiment]) -> Experiment | None:
    """Return experiment 0, if it was measured."""
    return next((experiment for experiment in history if experiment.verdict is Verdict.BASELINE), None)


def one_line(text: str, limit: int = LINE_CHARS) -> str:
    """Return text as one printable line of at most `limit` characters: control characters become spaces."""
    flat = " ".join("".join(character if character.isprintable() else " " for character in text).split())
    return flat if len(flat) <= limit else flat[: limit - 1].rstrip() + "…"


_TAG = re.compile(r"[A-Za-z0-9._-]{1,60}")


def is_tag(text: str) -> bool:
    """Say whether text can name a run: a safe file name, a safe part of a branch name, not an option."""
    return (
        _TAG.fullmatch(text) is not None
        and text[0] not in ".-"
        and text[-1] != "."
        and ".." not in text
        and not text.endswith(".lock")
    )
