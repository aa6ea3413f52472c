"""The classes of a run: verdict, measurement, proposal, experiment. Pure."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import takewhile

NO_CHANGE = "no change"  # the reason of an experiment with the code of the best
LINE_CHARS = 200
REASON_CHARS = 500  # of the reason of a failure, whose end may hold the fix
NOTE_CHARS = 4000
MACHINE = "machine:"  # begins the reason of a failure that the edit did not cause: the same code may be tried again


class Verdict(StrEnum):
    """The decision on an experiment."""

    BASELINE = "baseline"
    KEEP = "keep"
    DISCARD = "discard"
    CRASH = "crash"
    TIMEOUT = "timeout"
    REJECT = "reject"

    @property
    def advances(self) -> bool:
        """The branch moves to the experiment."""
        return self in {Verdict.BASELINE, Verdict.KEEP}

    @property
    def is_believed(self) -> bool:
        """The number can be trusted; a rejected one may be anything and would distort the scale of a plot."""
        return self.advances or self is Verdict.DISCARD


class Ending(StrEnum):
    """How a measurement ended, before its number is judged."""

    OK = "ok"
    TIMEOUT = "timeout"
    CRASH = "crash"
    REJECT = "reject"


class Simplicity(StrEnum):
    """What decides between two versions with an equal metric: syntax-tree nodes, lines, or nothing."""

    NODES = "nodes"
    LINES = "lines"
    OFF = "off"


@dataclass(frozen=True, slots=True)
class CodeSize:
    """The size of code: nodes of the syntax trees of Python files, lines of the others. Nothing is known of (0, 0)."""

    nodes: int = 0
    lines: int = 0

    def plus(self, other: CodeSize) -> CodeSize:
        """Return the size of both together."""
        return CodeSize(self.nodes + other.nodes, self.lines + other.lines)

    def is_simpler_than(self, other: CodeSize) -> bool:
        """Say whether it is strictly smaller in one of the two, and larger in none."""
        is_known = self != CodeSize() != other
        return is_known and self != other and self.nodes <= other.nodes and self.lines <= other.lines


@dataclass(frozen=True, slots=True)
class Measurement:
    """The result of measuring a commit; None means "not measured".

    `numbers` holds metrics, constraints and audit numbers by name. `bound` is the best value that the metric could
    still have reached when the measurement was stopped early. `look` is the reason why a person should look at the
    result. `stdout` is the end of the output, from which reports read more. `log` is what the command printed on both
    streams, for a person, without audit numbers.
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
    log: str = ""


@dataclass(frozen=True, slots=True)
class Proposal:
    """The author of an edit (agent "" is the user) and what the author reports about it.

    `prediction` is the expected change of the first metric. `failure` is the reason why the agent failed, `ending`
    the kind of failure; such an edit is committed and not measured. `trespass` names the frozen files that the agent
    edited.
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
    tokens: int | None = None
    cost_usd: float | None = None

    @property
    def is_sound(self) -> bool:
        """The edit can be measured."""
        return not self.failure and not self.trespass


@dataclass(frozen=True, slots=True)
class Begun:
    """An experiment with a commit and no verdict yet."""

    n: int
    commit: str
    parent: str
    proposal: Proposal
    file_hash: str
    code_chars: int
    at: str
    code_nodes: int = 0
    code_lines: int = 0

    @property
    def size(self) -> CodeSize:
        """The size of its code."""
        return CodeSize(self.code_nodes, self.code_lines)


@dataclass(frozen=True, slots=True)
class Experiment:
    """One measured version of the editable files; number 0 is the baseline.

    `commit` holds the measured files, `parent` is the tip of the branch before. `metric` is the first metric, `prev`
    the best before it, `delta` their difference, positive if the number grew; `confirm_delta` is the difference on the
    fresh partition of rule confirm, `prediction` the delta that the author expected. `metrics` holds every number by
    name. `hypothesis` is the one-line description, `note` a note of the agent to itself, `file_hash` the hash of the
    normalised code, `code_chars` its length, `code_nodes` and `code_lines` its size, `reused` the experiment whose
    measurement was reused. `wall_time_s` is None if the experiment was not measured itself.
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
    code_nodes: int = 0
    code_lines: int = 0
    at: str = ""
    agent: str = ""
    cpu_time_s: float | None = None
    wall_time_s: float | None = None
    peak_memory_mb: float | None = None
    warnings: tuple[str, ...] = ()
    reused: int | None = None
    ending: Ending = Ending.OK
    stdout: str = ""
    tokens: int | None = None
    cost_usd: float | None = None

    @property
    def is_machine_fault(self) -> bool:
        """The machine failed, not the code, which says nothing about the idea."""
        return self.reason.startswith(MACHINE)

    @property
    def size(self) -> CodeSize:
        """The size of its code."""
        return CodeSize(self.code_nodes, self.code_lines)


def best(history: Iterable[Experiment]) -> Experiment | None:
    """Return the best experiment, at the tip of the branch: the last that advanced it."""
    found = None
    for experiment in history:
        if experiment.verdict.advances:
            found = experiment
    return found


def baseline(history: Iterable[Experiment]) -> Experiment | None:
    """Return experiment 0, if it was measured."""
    return next((experiment for experiment in history if experiment.verdict is Verdict.BASELINE), None)


def unchanged_in_a_row(history: Sequence[Experiment]) -> int:
    """Return how many experiments at the end of a history had the code of the best."""
    return sum(1 for _ in takewhile(lambda old: old.reason == NO_CHANGE, reversed(history)))


def one_line(text: str, limit: int = LINE_CHARS) -> str:
    """Return text as one printable line of at most `limit` characters; control characters become spaces."""
    flat = " ".join("".join(character if character.isprintable() else " " for character in text).split())
    return flat if len(flat) <= limit else flat[: limit - 1].rstrip() + "…"


_TAG = re.compile(r"[A-Za-z0-9._-]{1,60}")


def is_tag(text: str) -> bool:
    """Say whether text is a valid tag: safe as a file name and in a branch name, and not an option."""
    return (
        _TAG.fullmatch(text) is not None
        and text[0] not in ".-"
        and text[-1] != "."
        and ".." not in text
        and not text.endswith(".lock")
    )


@dataclass(frozen=True, slots=True)
class Holder:
    """The process that holds a lock: its command and since when. In a stand-in also its machine, and when it began."""

    pid: int
    what: str = ""
    since: float = 0.0
    where: str = ""
    began: str = ""

    def __str__(self) -> str:
        """Return the holder as a person needs it."""
        return f"process {self.pid} ({self.what}, since {time.strftime('%H:%M', time.localtime(self.since))})"


def parse_holder(text: str) -> Holder | None:
    """Return the holder that a lock file names, or None."""
    try:
        data = json.loads(text)
        named = {key: str(data.get(key, "")) for key in ("what", "where", "began")}
        return Holder(pid=int(data["pid"]), since=float(data.get("since", 0)), **named)
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError):
        return None
